# Stored truth for tests/test_expression.py: limma on a small made-up matrix with three groups of unequal size.
#
#   Rscript tests/r/make_limma_truth.R                       writes limma_input.csv and limma_truth.csv beside this script
#   Rscript tests/r/make_limma_truth.R INPUT.csv OUTPUT.csv  runs limma on INPUT (used where R is installed)
#
# The input has genes as rows; array names are <group>.<number>. Numbers are written with 17 digits.

suppressPackageStartupMessages(library(limma))
arguments <- commandArgs(TRUE)
folder <- dirname(normalizePath(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))))

write_full <- function(table, path) {
  numeric <- vapply(table, is.double, NA)
  table[numeric] <- lapply(table[numeric], function(x) sprintf("%.17g", x))
  write.csv(table, path, row.names = FALSE, quote = FALSE)
}

if (length(arguments) == 2) {
  input <- arguments[1]
  output <- arguments[2]
} else {
  input <- file.path(folder, "limma_input.csv")
  output <- file.path(folder, "limma_truth.csv")
  set.seed(20020)
  groups <- rep(c("control", "mg004", "mg002"), c(4, 4, 3))
  deviations <- sqrt(0.04 * 5 / rchisq(150, 5))
  values <- matrix(rnorm(150 * 11, 7, deviations), 150) + rnorm(150, 0, 2)
  values[1:30, groups == "mg002"] <- values[1:30, groups == "mg002"] + 0.8
  values[21:50, groups == "mg004"] <- values[21:50, groups == "mg004"] - 0.5
  colnames(values) <- paste0(groups, ".", ave(seq_along(groups), groups, FUN = seq_along))
  write_full(data.frame(gene = sprintf("Gene%03d", 1:150), values, check.names = FALSE), input)
}

table <- read.csv(input, check.names = FALSE)
values <- as.matrix(table[-1])
rownames(values) <- table$gene
groups <- sub("\\.[0-9]+$", "", colnames(values))
group <- factor(groups, unique(groups))
design <- model.matrix(~ 0 + group)
colnames(design) <- levels(group)
contrasts <- makeContrasts(
  mg004_vs_control = mg004 - control, mg002_vs_control = mg002 - control, mg002_vs_mg004 = mg002 - mg004,
  levels = design
)
fit <- eBayes(contrasts.fit(lmFit(values, design), contrasts))
results <- lapply(colnames(contrasts), function(contrast) {
  top <- topTable(fit, coef = contrast, number = Inf, sort.by = "none", confint = 0.95)
  data.frame(
    gene = rownames(top), contrast = contrast, log2_fold_change = top$logFC, average_expression = top$AveExpr,
    t = top$t, p = top$P.Value, q = top$adj.P.Val,
    ci_low = top$CI.L, ci_high = top$CI.R
  )
})
write_full(do.call(rbind, results), output)
