# Values that tests/test_rma.py and tests/test_quality.py hold mgbone against, from the R packages themselves.
# Run once by hand:  Rscript tests/r/make_rma_truth.R tests/r/rma_truth.json
# Needs oligo, preprocessCore and jsonlite (Debian: r-bioc-oligo, r-bioc-preprocesscore, r-cran-jsonlite).
suppressPackageStartupMessages({
  library(oligo)
  library(preprocessCore)
  library(jsonlite)
})

set.seed(20240101)

# Probe sets of 1, 2, 3, 4, 10 and 11 probes, in shuffled order; intensities with one decimal, so that there are ties.
sizes <- rep(c(1, 2, 3, 4, 10, 11), times = c(3, 3, 4, 4, 12, 6))
labels <- sample(rep(sprintf("set%02d", seq_along(sizes)), sizes))
signal <- rnorm(length(sizes), 7, 2)[as.integer(factor(labels))] + rnorm(length(labels), 0, 1.2)
one_array <- function(j) round(pmax(rnorm(length(labels), 60, 12), 5) + 2^(signal + rnorm(length(labels), 0, 0.4)), 1)
intensities <- sapply(1:5, one_array)
intensities[1:40, 2] <- intensities[41:80, 2]
intensities[intensities[, 3] < 80, 3] <- 75.5

rma_of <- function(x, ...) {
  result <- basicRMA(x + 0, labels, verbose = FALSE, ...)
  unname(result[order(rownames(result), method = "radix"), , drop = FALSE])
}

# An even number of arrays, and just one.
four <- intensities[, 1:4]
one <- intensities[, 1, drop = FALSE]

# Intensities far below the background's mode: at first preprocessCore still gives numbers, farther away phi / Phi
# becomes 0 / 0 and all of the array is NaN.
deep <- intensities[, 1] + 1e4
far <- intensities[, 1] + 1e5
deep[1:3] <- far[1:3] <- c(1, 20, 300)

# Probe-level model for NUSE: array 5 is noisy.
noisy <- intensities
noisy[, 5] <- noisy[, 5] * 2^rnorm(nrow(noisy), 0, 1)
log2_noisy <- log2(normalize.quantiles(rma.background.correct(noisy)))
large <- sort(names(which(table(labels) >= 10)), method = "radix")
plm_errors <- t(sapply(large, function(label) rcModelPLM(log2_noisy[labels == label, ])$StdErrors[1:5]))

polished <- subrcModelMedianPolish(log2(normalize.quantiles(rma.background.correct(intensities + 0))), labels)
one_set <- large[1]

truth <- list(
  made_with = list(R = R.version.string, oligo = as.character(packageVersion("oligo")),
                   preprocessCore = as.character(packageVersion("preprocessCore"))),
  labels = labels,
  sets = sort(unique(labels), method = "radix"),
  intensities = intensities,
  background = rma.background.correct(intensities + 0),
  quantiles = normalize.quantiles(intensities + 0),
  rma = rma_of(intensities),
  rma_four = rma_of(four),
  rma_one = rma_of(one),
  rma_no_background = rma_of(intensities, background = FALSE),
  rma_no_normalisation = rma_of(intensities, normalize = FALSE),
  rma_summary_only = rma_of(intensities, background = FALSE, normalize = FALSE),
  residual_set = one_set,
  residuals = polished[[one_set]]$Residuals,
  affinities = unname(polished[[one_set]]$Estimates[-(1:5)]),
  deep = deep,
  deep_corrected = as.vector(rma.background.correct(matrix(deep))),
  far = far,
  far_corrected = as.vector(rma.background.correct(matrix(far))),
  noisy = noisy,
  plm_sets = large,
  plm_errors = unname(plm_errors)
)
write_json(truth, commandArgs(trailingOnly = TRUE)[1], digits = NA, auto_unbox = TRUE, na = "string", matrix = "rowmajor")
