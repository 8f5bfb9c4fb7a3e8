# limma's prior of variances on tests/r/limma_input.csv, one for all genes and one that follows the expression: degrees
# of freedom, variance, and t and p of the second group against the first.
#
#     Rscript tests/r/make_prior_truth.R > tests/r/prior_truth.json
suppressMessages(library(limma))

table <- read.csv("tests/r/limma_input.csv", check.names = FALSE)
values <- as.matrix(table[-1])
groups <- sub("\\.[0-9]+$", "", colnames(values))
group <- factor(groups, unique(groups))
design <- model.matrix(~ 0 + group)
contrast <- matrix(c(-1, 1, 0), 3)
of <- function(trend) {
  fit <- eBayes(contrasts.fit(lmFit(values, design), contrast), trend = trend)
  list(trend = trend, df = fit$df.prior, variance = if (trend) fit$s2.prior[1:6] else fit$s2.prior, total = fit$df.total[1],
       t = fit$t[1:6, 1], p = fit$p.value[1:6, 1])
}
cat(jsonlite::toJSON(list(limma = as.character(packageVersion("limma")), fits = list(of(FALSE), of(TRUE))),
                     auto_unbox = TRUE, digits = 14, pretty = TRUE), "\n", sep = "")
