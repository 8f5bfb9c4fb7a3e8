# Writes tests/r/equivalence_truth.json: TOST of a ratio of means, its smallest bound, severity, and
# the difference that Tukey-Kramer finds in 80 %. Base R and jsonlite. Run from the project's folder:
# Rscript tests/r/make_equivalence_truth.R
#
# The smallest bound is found by searching for the ratio at which the t test of mean(case) - ratio * mean(reference)
# gives 0.05, not by the closed form.
library(jsonlite)
control <- c(10.4, 9.8, 10.9, 10.1, 10.6, 9.9, 10.3, 10.8)
low <- c(10.1, 9.6, 10.8, 10.4, 10.9, 9.7, 10.0, 10.5)
lower <- c(8.9, 9.4, 9.0, 9.9, 9.1, 9.6, 8.7)
groups <- list(control = control, low = low, lower = lower)
df <- sum(lengths(groups)) - length(groups)
within <- sum(sapply(groups, function(v) sum((v - mean(v))^2))) / df
t_of <- function(case, ratio) {
  (mean(case) - ratio * mean(control)) / sqrt(within * (1 / length(case) + ratio^2 / length(control)))
}
tost <- function(case, bound) max(pt(t_of(case, 1 + bound), df), pt(t_of(case, 1 - bound), df, lower.tail = FALSE))
answers <- lapply(list(low = low, lower = lower), function(case) {
  list(
    p_5 = tost(case, 0.05), p_20 = tost(case, 0.20),
    smallest = 100 * uniroot(function(b) tost(case, b) - 0.05, c(1e-6, 2), tol = 1e-12)$root,
    severity_of_effect = pt(abs(t_of(case, 1)), df)
  )
})
smallest_difference <- function(n, k, power = 0.8) {
  limit <- qtukey(0.95, k, k * (n - 1)) / sqrt(2)
  found <- function(d) {
    shift <- d / sqrt(2 / n)
    pt(limit, k * (n - 1), shift, lower.tail = FALSE) + pt(-limit, k * (n - 1), shift) - power
  }
  uniroot(found, c(0.1, 10), tol = 1e-10)$root
}
tukey <- c("8_3" = smallest_difference(8, 3), "4_3" = smallest_difference(4, 3), "8_2" = smallest_difference(8, 2))
write_json(
  list(groups = groups, within = within, df = df, answers = answers, smallest_difference = as.list(tukey)),
  "tests/r/equivalence_truth.json", auto_unbox = TRUE, digits = 12, pretty = TRUE
)
