# Writes tests/r/groups_truth.json: what R says of a small unbalanced three-group example.
# Run from the project's folder: Rscript tests/r/make_groups_truth.R
library(jsonlite)
a <- c(2.11, 2.30, 1.98, 2.21, 2.05, 2.17, 2.40)
b <- c(1.92, 2.02, 1.85, 2.10, 1.99)
c <- c(1.49, 1.61, 1.38, 1.55, 1.47, 1.52, 1.44, 1.70)
y <- c(a, b, c)
g <- factor(rep(c("control", "mg004", "mg002"), c(7, 5, 8)), levels = c("control", "mg004", "mg002"))
fit <- aov(y ~ g)
tukey <- TukeyHSD(fit)$g
student <- t.test(b, a, var.equal = TRUE)
hedges <- function(x, y) {
  n <- length(x) + length(y) - 2
  sp <- sqrt(((length(x) - 1) * var(x) + (length(y) - 1) * var(y)) / n)
  (mean(x) - mean(y)) / sp * (1 - 3 / (4 * (length(x) + length(y)) - 9))
}
# The exact interval of the difference in SD: the noncentralities of t whose tails beyond t are 2.5 %.
hedges_ci <- function(x, y) {
  scale <- sqrt(1 / length(x) + 1 / length(y)); t <- t.test(x, y, var.equal = TRUE)$statistic
  limit <- function(p) uniroot(function(ncp) pt(t, length(x) + length(y) - 2, ncp) - p, c(-35, 35), tol = 1e-13)$root
  scale * c(limit(0.975), limit(0.025))
}
write_json(list(
  y = y, g = as.character(g),
  anova_p = summary(fit)[[1]]$`Pr(>F)`[1],
  tukey = as.data.frame(tukey), tukey_names = rownames(tukey),
  student_p = student$p.value, student_ci = student$conf.int,
  hedges = list(mg004_vs_control = hedges(b, a), mg002_vs_control = hedges(c, a), mg002_vs_mg004 = hedges(c, b)),
  hedges_ci = list(mg004_vs_control = hedges_ci(b, a), mg002_vs_control = hedges_ci(c, a), mg002_vs_mg004 = hedges_ci(c, b)),
  holm = p.adjust(c(0.01, 0.04, 0.03, 0.2), "holm"), bh = p.adjust(c(0.01, 0.04, 0.03, 0.2), "BH")
), "tests/r/groups_truth.json", digits = 16, auto_unbox = TRUE, pretty = TRUE)
