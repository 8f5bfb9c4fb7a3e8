# Writes tests/r/absence_truth.json: what R says of an unbalanced three-group example with a covariate.
# Base R only. Run from the project's folder: Rscript tests/r/make_absence_truth.R
library(jsonlite)
g <- factor(rep(c("control", "pairfed", "mg001"), c(7, 5, 8)), levels = c("control", "pairfed", "mg001"))
y <- c(2.11, 2.30, 1.98, 2.21, 2.05, 2.17, 2.40, 1.92, 2.02, 1.85, 2.11, 1.99, 1.49, 1.61, 1.38, 1.92, 1.47, 1.52, 1.44, 1.70)
x <- c(14.1, 14.9, 13.6, 14.2, 13.9, 14.6, 15.0, 13.1, 13.4, 12.8, 13.9, 13.0, 12.9, 13.6, 12.7, 13.3, 13.2, 13.0, 12.6, 13.9)

# Dunn's test (1964) with ties, written from the formula; Holm over the three pairs.
dunn <- function(y, g) {
  r <- rank(y); n <- length(y); ties <- table(y)
  v <- n * (n + 1) / 12 - sum(ties^3 - ties) / (12 * (n - 1))
  pairs <- list(mg001_vs_pairfed = c("mg001", "pairfed"), mg001_vs_control = c("mg001", "control"),
                pairfed_vs_control = c("pairfed", "control"))
  sapply(pairs, function(p) {
    a <- r[g == p[1]]; b <- r[g == p[2]]
    2 * pnorm(-abs((mean(a) - mean(b)) / sqrt(v * (1 / length(a) + 1 / length(b)))))
  })
}

# Bayes factor of Rouder et al. (2009), two groups, by numerical integration over g.
bayes <- function(a, b, r = 0.707) {
  t <- t.test(a, b, var.equal = TRUE)$statistic
  nu <- length(a) + length(b) - 2; n <- length(a) * length(b) / (length(a) + length(b))
  f <- function(g) (1 + n * g * r^2)^-0.5 * (1 + t^2 / ((1 + n * g * r^2) * nu))^(-(nu + 1) / 2) *
    (2 * pi)^-0.5 * g^-1.5 * exp(-1 / (2 * g))
  integrate(f, 0, Inf, rel.tol = 1e-12, subdivisions = 2000)$value / (1 + t^2 / nu)^(-(nu + 1) / 2)
}

plain <- lm(y ~ relevel(g, "pairfed")); withx <- lm(y ~ relevel(g, "pairfed") + x); apart <- lm(y ~ relevel(g, "pairfed") * x)
one <- function(fit) { i <- grep("mg001", names(coef(fit)))[1]; c(coef(fit)[i], confint(fit)[i, ], summary(fit)$coefficients[i, 4]) }
residuals_ <- rstudent(lm(y ~ g)); df <- length(y) - 3 - 1
write_json(list(
  y = y, g = as.character(g), x = x,
  kruskal = kruskal.test(y, g)$p.value, welch = oneway.test(y ~ g)$p.value,
  dunn = as.list(dunn(y, g)), dunn_holm = as.list(setNames(p.adjust(dunn(y, g), "holm"), names(dunn(y, g)))),
  bayes = bayes(y[g == "pairfed"], y[g == "control"]),
  plain = unname(one(plain)), adjusted = unname(one(withx)),
  slope = unname(coef(withx)["x"]), p_slope = summary(withx)$coefficients["x", 4], p_parallel = anova(withx, apart)$`Pr(>F)`[2],
  rstudent = unname(residuals_), p_outlier = unname(pmin(1, length(y) * 2 * pt(-abs(residuals_), df)))
), "tests/r/absence_truth.json", digits = 16, auto_unbox = TRUE, pretty = TRUE)
