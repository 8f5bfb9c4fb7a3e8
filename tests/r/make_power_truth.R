# Writes tests/r/power_truth.json: the smallest correlation that 80 % of experiments would find.
# Base R and jsonlite. Run from the project's folder: Rscript tests/r/make_power_truth.R
#
# Correlation, exact: given x, the t of the slope is noncentral with rho / sqrt(1 - rho^2) * sqrt(sum of squares of x),
# and that sum is chi-squared with df + 1 degrees of freedom.
library(jsonlite)
power_r <- function(rho, df, alpha = 0.05) {
  limit <- qt(1 - alpha / 2, df)
  given <- function(u) {
    ncp <- rho / sqrt(1 - rho^2) * sqrt(u)
    (pt(-limit, df, ncp) + pt(limit, df, ncp, lower.tail = FALSE)) * dchisq(u, df + 1)
  }
  integrate(given, 0, Inf, rel.tol = 1e-8, subdivisions = 1000)$value
}
smallest_r <- function(df) uniroot(function(rho) power_r(rho, df) - 0.8, c(0.01, 0.97), tol = 1e-8)$root
r <- lapply(c("14" = 14, "34" = 34, "41" = 41), smallest_r)
write_json(list(r = r), "tests/r/power_truth.json", auto_unbox = TRUE, digits = 10, pretty = TRUE)
