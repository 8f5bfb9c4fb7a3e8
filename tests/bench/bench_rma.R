# Time oligo::basicRMA on the intensities that bench_rma.py wrote. Usage:
#   Rscript bench_rma.R <folder>          <folder> holds intensities.f32, labels.txt and shape.txt (probes arrays)
# Writes expression.f64 and prints one line: seconds of basicRMA alone, and its check value.
suppressPackageStartupMessages(library(oligo))
folder <- commandArgs(trailingOnly = TRUE)[1]
shape <- scan(file.path(folder, "shape.txt"), quiet = TRUE)
intensities <- matrix(readBin(file.path(folder, "intensities.f32"), "double", prod(shape), size = 4), shape[1])
labels <- readLines(file.path(folder, "labels.txt"))
seconds <- system.time(expression <- basicRMA(intensities, labels, verbose = FALSE))[["elapsed"]]
writeBin(as.vector(expression[order(rownames(expression), method = "radix"), ]), file.path(folder, "expression.f64"))
cat("SECONDS", seconds, "\n")
