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
# camera() turns moderated t into z scores by an approximation; z is the exact quantile, p_camera is camera() itself.
z <- zscoreT(fit$t[, 1], fit$df.total, approx = FALSE)
sets <- list(Set1 = 1:30, Set2 = 21:50, Set3 = 60:75, Set4 = seq(1, 150, 7))
preset <- cameraPR(z, sets, sort = FALSE)
whole <- camera(values, sets, design, contrast, sort = FALSE)
full <- function(x) sprintf("%.17g", x)
write.csv(
  data.frame(
    term = names(sets), n_genes = preset$NGenes, direction = tolower(preset$Direction), p = full(preset$PValue),
    q = full(preset$FDR), p_camera = full(whole$PValue)
  ),
  file.path(folder, "camera_truth.csv"), row.names = FALSE, quote = FALSE
)
