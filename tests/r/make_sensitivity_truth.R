# Writes tests/r/sensitivity_truth.json: what base R says of the tests that notebook 01 holds beside one another.
# Run from the project's folder: Rscript tests/r/make_sensitivity_truth.R
library(jsonlite)

# Games and Howell (1976): Welch's standard error and degrees of freedom, studentised range of all k groups.
games_howell <- function(x, y, k) {
  vx <- var(x) / length(x)
  vy <- var(y) / length(y)
  df <- (vx + vy)^2 / (vx^2 / (length(x) - 1) + vy^2 / (length(y) - 1))
  ptukey(abs(mean(x) - mean(y)) / sqrt((vx + vy) / 2), k, df, lower.tail = FALSE)
}

# Every split, by Student's t of each; splits that differ by rounding alone are ties.
permutation <- function(x, y) {
  both <- c(x, y)
  t_of <- function(i) t.test(both[i], both[-i], var.equal = TRUE)$statistic
  t <- abs(combn(length(both), length(x), t_of))
  mean(t >= abs(t_of(seq_along(x))) * (1 - 1e-9))
}

pairwise <- function(groups, contrasts) {
  of <- function(test) vapply(contrasts, function(c) test(groups[[c[1]]], groups[[c[2]]]), 0)
  holm <- function(p) p.adjust(p, "holm")
  tukey <- function(transform) {
    y <- transform(unlist(groups))
    g <- factor(rep(names(groups), lengths(groups)), levels = names(groups))
    p <- TukeyHSD(aov(y ~ g))$g[, "p adj"]
    vapply(contrasts, function(c) p[names(p) %in% c(paste0(c[1], "-", c[2]), paste0(c[2], "-", c[1]))][[1]], 0)
  }
  raw <- list(mann_whitney = of(function(x, y) wilcox.test(x, y)$p.value), permutation = of(permutation))
  list(
    groups = groups, contrasts = vapply(contrasts, paste, "", collapse = "_vs_"),
    tukey_kramer = tukey(identity), log_scale = tukey(log),
    games_howell = of(function(x, y) games_howell(x, y, length(groups))),
    mann_whitney_raw = raw$mann_whitney, permutation_raw = raw$permutation,
    mann_whitney = holm(raw$mann_whitney), permutation = holm(raw$permutation)
  )
}

exp2 <- list(
  control = c(2.11, 2.30, 1.98, 2.21, 2.05, 2.17, 2.40),
  mg004 = c(1.92, 2.02, 1.85, 2.10, 1.99),
  mg002 = c(2.49, 1.61, 1.38, 2.55, 1.47, 1.52)
)
exp1 <- list(
  control = c(14.1, 15.3, 13.8, 14.9, 15.8), pairfed = c(12.0, 14.2, 13.1, 12.7, 16.6), mg001 = c(11.2, 12.9, 10.8, 12.6)
)
three <- list(case = c(5.1, 6.3, 5.8), reference = c(4.9, 5.2, 4.1))
write_json(list(
  exp2 = pairwise(exp2, list(c("mg004", "control"), c("mg002", "control"), c("mg002", "mg004"))),
  exp1 = pairwise(exp1, list(c("mg001", "pairfed"), c("mg001", "control"), c("pairfed", "control"))),
  three = c(three, p = permutation(three$case, three$reference)),
  shapiro = shapiro.test(unlist(lapply(exp2, function(v) v - mean(v))))$p.value
), "tests/r/sensitivity_truth.json", digits = 16, auto_unbox = TRUE, pretty = TRUE)
