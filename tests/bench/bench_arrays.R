# From the CEL files to gene sets, without pictures, in R: affxparser, preprocessCore, limma (its camera too) and phyper.
# Run from the project's folder:  Rscript tests/bench/bench_arrays.R data/simulated   Prints how many genes and sets it tested.
source("tests/r/expression.R")
found <- read_expression(commandArgs(TRUE)[1])
contrasts <- list(exp1 = "mg001-pairfed", exp2 = c("mg002-control", "mg004-control"))
sets <- strsplit(readLines("data/genesets/go_bp.gmt.gz"), "\t")
names(sets) <- sapply(sets, `[`, 1)
sets <- lapply(sets, function(set) intersect(set[-(1:2)], rownames(found$genes)))
sets <- sets[lengths(sets) >= 10 & lengths(sets) <= 1000]
tested <- 0
for (experiment in names(contrasts)) {
  here <- found$arrays$experiment == experiment
  group <- factor(found$arrays$group[here]); design <- model.matrix(~ 0 + group); colnames(design) <- levels(group)
  weights <- limma::makeContrasts(contrasts = contrasts[[experiment]], levels = design)
  fit <- limma::eBayes(limma::contrasts.fit(limma::lmFit(found$genes[, here], design), weights))
  for (name in contrasts[[experiment]]) {
    z <- limma::zscoreT(fit$t[, name], fit$df.total)
    camera <- limma::cameraPR(z, limma::ids2indices(sets, names(z)), inter.gene.cor = 0.01)
    q <- p.adjust(fit$p.value[, name], "BH")
    for (sign in c(1, -1)) {
      chosen <- names(z)[q < 0.05 & sign * fit$coefficients[, name] > 0]
      hits <- sapply(sets, function(set) sum(set %in% chosen))
      p <- phyper(hits - 1, lengths(sets), length(z) - lengths(sets), length(chosen), lower.tail = FALSE)
      q_sets <- p.adjust(p, "BH")
    }
    tested <- tested + nrow(camera)
  }
}
cat(nrow(found$genes), "genes,", tested, "tests of sets\n")
