# Stored truth for tests/test_genesets.py: limma's competitive gene-set test on limma_input.csv.
#
#   Rscript tests/r/make_camera_truth.R
#
# Sets are runs of genes: Set1 = genes 1-30, Set2 = 21-50, Set3 = 60-75, Set4 = every seventh gene.

suppressPackageStartupMessages(library(limma))
folder <- dirname(normalizePath(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))))
table <- read.csv(file.path(folder, "limma_input.csv"), check.names = FALSE)
values <- as.matrix(table[-1])
groups <- sub("\\.[0-9]+$", "", colnames(values))
design <- model.matrix(~ 0 + factor(groups, unique(groups)))
colnames(design) <- unique(groups)
contrast <- makeContrasts(mg002 - control, levels = design)
fit <- eBayes(contrasts.fit(lmFit(values, design), contrast))
sets <- list(Set1 = 1:30, Set2 = 21:50, Set3 = 60:75, Set4 = seq(1, 150, 7))
preset <- cameraPR(fit$t[, 1], sets, sort = FALSE)
estimated <- vapply(sets, function(i) interGeneCorrelation(values[i, ], design)$correlation, 0)
with_estimate <- cameraPR(fit$t[, 1], sets, inter.gene.cor = pmax(estimated, 0), sort = FALSE)
full <- function(x) sprintf("%.17g", x)
write.csv(
  data.frame(
    term = names(sets), n_genes = preset$NGenes, direction = tolower(preset$Direction), p = full(preset$PValue),
    q = full(preset$FDR), correlation = full(estimated), p_estimated = full(with_estimate$PValue)
  ),
  file.path(folder, "camera_truth.csv"), row.names = FALSE, quote = FALSE
)
