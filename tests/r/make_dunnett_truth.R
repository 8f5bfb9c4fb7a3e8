# Critical values of Dunnett's two-sided test by multcomp (Hothorn, Bretz and Westfall 2008), for groups of equal and
# of unequal size: the quantile that its simultaneous intervals are made with, by random points to about 0.001.
#
#     Rscript tests/r/make_dunnett_truth.R > tests/r/dunnett_truth.json
suppressMessages(library(multcomp))

critical <- function(control, others, p) {
  sizes <- c(control, others)
  group <- factor(rep(seq_along(sizes), sizes))
  set.seed(1)
  fit <- aov(rnorm(length(group)) ~ group)
  set.seed(1)
  compared <- glht(fit, linfct = mcp(group = "Dunnett"))
  found <- confint(compared, level = 1 - p)
  c(attr(found$confint, "calpha"), fit$df.residual)
}
cases <- list(list(8, c(8, 8)), list(8, c(7, 6)), list(4, c(4, 4)), list(6, c(5, 5, 9)), list(12, c(6, 6, 6, 6)))
rows <- unlist(lapply(cases, function(one) sapply(c(0.05, 0.10), function(p) {
  found <- critical(one[[1]], one[[2]], p)
  sprintf('{"control": %d, "others": [%s], "p": %.2f, "df": %d, "critical": %.8f}', as.integer(one[[1]]),
          paste(one[[2]], collapse = ", "), p, as.integer(found[2]), found[1])
})))
cat(sprintf("[\n%s\n]\n", paste(rows, collapse = ",\n")))
