# Writes tests/r/dose_truth.json: two diets of an experiment and one of another, compared as log ratios to their references.
# Run from the project's folder: Rscript tests/r/make_dose_truth.R
control <- c(2.11, 2.30, 1.98, 2.21, 2.05, 2.17, 2.40)
mg004 <- c(1.92, 2.02, 1.85, 2.10, 1.99)
mg002 <- c(1.49, 1.61, 1.38, 1.55, 1.47, 1.52, 1.44, 1.70)
pairfed <- c(2.02, 1.87, 2.21, 1.95, 2.08, 2.13)
mg001 <- c(0.91, 0.72, 0.85, 0.79, 0.66, 0.95, 0.83)
# Divided by its own mean a group has the variance of its logarithm (delta method), and Welch's test adds those of two groups.
one <- function(a, b) {
  welch <- t.test(a / mean(a), b / mean(b))
  e <- log(mean(a) / mean(b))
  c(e, welch$stderr, welch$parameter, 2 * pt(-abs(e) / welch$stderr, welch$parameter))
}
# Two ratios, four groups: Satterthwaite (1946) by hand.
two <- function(a, ra, b, rb) {
  groups <- list(a, ra, b, rb)
  part <- sapply(groups, function(x) var(x) / length(x) / mean(x)^2)
  e <- log(mean(a) / mean(ra)) - log(mean(b) / mean(rb))
  df <- sum(part)^2 / sum(part^2 / (lengths(groups) - 1))
  c(e, sqrt(sum(part)), df, 2 * pt(-abs(e) / sqrt(sum(part)), df))
}
row <- function(x) paste0("[", paste(trimws(formatC(x, digits = 16, format = "g")), collapse = ", "), "]")
named <- list(control = control, mg004 = mg004, mg002 = mg002, pairfed = pairfed, mg001 = mg001,
  first = one(mg004, control), second = one(mg002, mg004), third = two(mg001, pairfed, mg002, control))
lines <- mapply(function(name, x) paste0('  "', name, '": ', row(x)), names(named), named)
writeLines(c("{", paste(lines, collapse = ",\n"), "}"), "tests/r/dose_truth.json")
