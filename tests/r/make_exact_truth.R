# Stored truth for tests/evidence: exact interval of Hedges g, Fieller's interval of a ratio, and Dunnett's test, from base R alone.
#
#   Rscript tests/r/make_exact_truth.R
#
# noncentral: d is the pooled-SD difference; its limits are those noncentralities of t whose tails beyond t are 2.5 %.
# fieller: limits of case/reference by minimising nothing and trusting nothing but the definition: the ratios R whose
#   numerator case - R reference is not significant (pooled variance of three groups, critical value of Tukey).
# dunnett: p by integrating over the control's mean (normal) and the pooled SD (chi), two-sided.

library(stats)
folder <- dirname(normalizePath(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))))

noncentral <- function(d, n1, n2) {
  scale <- sqrt(1 / n1 + 1 / n2); df <- n1 + n2 - 2; t <- d / scale
  limit <- function(p) uniroot(function(ncp) pt(t, df, ncp) - p, c(-30, 30), tol = 1e-13)$root * scale
  c(limit(0.975), limit(0.025))
}
cases <- list(c(0, 8, 8), c(0.5, 8, 8), c(-1.3, 8, 7), c(2.5, 4, 4), c(8, 8, 8), c(-0.894427190999916, 4, 4))
hedges <- lapply(cases, function(x) list(d = x[1], n1 = x[2], n2 = x[3], ci = noncentral(x[1], x[2], x[3])))

groups <- list(control = c(4.1, 5.0, 6.2, 5.5, 4.7, 5.9, 5.1, 4.4), mg004 = c(6.9, 5.8, 7.7, 8.1, 6.2, 7.0, 7.4, 6.6),
               mg002 = c(5.2, 6.1, 4.9, 6.6, 5.8, 7.1, 5.0))
n <- sapply(groups, length); m <- sapply(groups, mean); df <- sum(n) - length(n)
s2 <- sum(sapply(groups, function(x) sum((x - mean(x))^2))) / df
critical <- qtukey(0.95, length(n), df) / sqrt(2)
ratio <- function(case) {
  reach <- function(R) abs(m[case] - R * m["control"]) / sqrt(s2 * (1 / n[case] + R^2 / n["control"])) - critical
  best <- m[case] / m["control"]
  100 * (c(uniroot(reach, c(0.01, best), tol = 1e-13)$root, uniroot(reach, c(best, 10), tol = 1e-13)$root) - 1)
}
fieller <- list(mg004 = unname(ratio("mg004")), mg002 = unname(ratio("mg002")))

dunnett <- function(case) {
  others <- setdiff(names(groups), "control")
  d <- abs(m[case] - m["control"]) / sqrt(s2 * (1 / n[case] + 1 / n["control"]))
  given_s <- Vectorize(function(s) integrate(function(z) {
    inside <- rep(1, length(z))
    for (g in others) {
      half <- d * s * sqrt(1 / n[g] + 1 / n["control"]); centre <- z / sqrt(n["control"])
      inside <- inside * (pnorm((centre + half) * sqrt(n[g])) - pnorm((centre - half) * sqrt(n[g])))
    }
    inside * dnorm(z)
  }, -9, 9, rel.tol = 1e-11, subdivisions = 500)$value)
  chi <- function(s) 2 * s * df * dchisq(s^2 * df, df)
  1 - integrate(function(s) given_s(s) * chi(s), 0, 4, rel.tol = 1e-10, subdivisions = 500)$value
}
truth <- list(hedges = hedges, groups = groups, fieller = fieller,
              dunnett = list(mg004 = unname(dunnett("mg004")), mg002 = unname(dunnett("mg002"))))

json <- function(x) {
  if (is.list(x) && is.null(names(x))) return(paste0("[", paste(sapply(x, json), collapse = ", "), "]"))
  if (is.list(x)) return(paste0("{", paste0('"', names(x), '": ', sapply(x, json), collapse = ", "), "}"))
  text <- formatC(x, digits = 16, format = "g")
  if (length(x) == 1) text else paste0("[", paste(text, collapse = ", "), "]")
}
writeLines(json(truth), file.path(folder, "exact_truth.json"))
