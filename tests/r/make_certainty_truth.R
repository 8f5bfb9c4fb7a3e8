# Chances of levels of Tukey-Kramer in a new cohort, power of equivalence and animals needed, by base R alone:
# noncentral t and the studentised range of R, one-dimensional integrals over what is uncertain.
# Rscript tests/r/make_certainty_truth.R
k <- 3
n <- 8
df <- k * (n - 1)
critical <- qtukey(c(0.95, 0.90), k, df) / sqrt(2)

levels_of <- function(shift, spread = 1) {
  beyond <- function(c, shift) pt(c / spread, df, ncp = shift / spread, lower.tail = FALSE)
  up <- beyond(critical, shift)
  down <- beyond(critical, -shift)
  c(up_significant = up[1], up_trend = up[2] - up[1], none = 1 - up[2] - down[2],
    down_trend = down[2] - down[1], down_significant = down[1])
}
sd_density <- function(u) 2 * u * df * dchisq(df * u^2, df)
over_sd <- function(f) integrate(Vectorize(function(u) sd_density(u) * f(u)), 1e-6, 3, rel.tol = 1e-9)$value
names_of <- names(levels_of(0))

predictive <- function(t) sapply(names_of, function(name)
  over_sd(function(u) levels_of(t * u, sqrt(2))[[name]]))

# van Zwet, Schwab and Senn (2021), table 1: true effects over their standard errors.
p <- c(0.32, 0.31, 0.30, 0.07)
s <- c(0.61, 1.42, 2.16, 5.64)
prior <- function(d) sapply(d, function(x) sum(p * dnorm(x, 0, s)))
shrunken <- function(t) {
  # The likelihood of the true effect is the density of noncentral t itself.
  weigh <- function(f) {
    inside <- function(d) sapply(d, function(x) prior(x) * dt(t, df, ncp = x) * f(x))
    integrate(inside, -12, 12, rel.tol = 1e-9, subdivisions = 500)$value
  }
  all <- weigh(function(x) 1)
  sapply(names_of, function(name) weigh(function(x) levels_of(x)[[name]]) / all)
}

# Equivalence of two of three groups with equal means, on the ratio of means, by simulation of a million cohorts.
set.seed(1)
equivalence <- function(bound, scatter, n) {
  draws <- 1e6
  df <- k * (n - 1)
  case <- rnorm(draws, 1, scatter / sqrt(n))
  reference <- rnorm(draws, 1, scatter / sqrt(n))
  error <- scatter * sqrt(rchisq(draws, df) / df / n)
  limit <- qt(0.95, df)
  mean(((1 + bound) * reference - case) / (error * sqrt(1 + (1 + bound)^2)) > limit &
       (case - (1 - bound) * reference) / (error * sqrt(1 + (1 - bound)^2)) > limit)
}

answer <- list(
  t = c(0, 1, -2.3, 4.1),
  plugin = lapply(c(0, 1, -2.3, 4.1), function(t) as.list(levels_of(t))),
  predictive = lapply(c(0, 1, -2.3, 4.1), function(t) as.list(predictive(t))),
  shrunken = lapply(c(0, 1, -2.3, 4.1), function(t) as.list(shrunken(t))),
  equivalence = list(list(bound = 0.08, scatter = 0.07, n = 8, chance = equivalence(0.08, 0.07, 8)),
                     list(bound = 0.25, scatter = 0.3, n = 20, chance = equivalence(0.25, 0.3, 20)),
                     list(bound = 0.053, scatter = 0.05, n = 4, chance = equivalence(0.053, 0.05, 4))),
  # Two groups: Student's t. Only the sign of the effect counts, as in power.t.test without strict.
  two_groups = list(n80 = ceiling(power.t.test(delta = 1.1, power = 0.8)$n),
                    n90 = ceiling(power.t.test(delta = 1.1, power = 0.9)$n),
                    power = power.t.test(n = 8, delta = 1.1)$power)
)
writeLines(jsonlite::toJSON(answer, auto_unbox = TRUE, digits = 12, pretty = TRUE), "tests/r/certainty_truth.json")
