# Read a CEL file with affxparser (and its header with affyio) and write what was found as plain numbers,
# for tests/test_cel_writer.py to compare. Usage: Rscript read_cel.R <file.CEL> <folder for the results>
suppressMessages(library(affxparser))
arguments <- commandArgs(TRUE)
cel <- readCel(arguments[1], readIntensities = TRUE, readStdvs = TRUE, readPixels = TRUE,
               readOutliers = TRUE, readMasked = TRUE)
numbers <- function(values, name) {
  connection <- file(file.path(arguments[2], name), "wb")
  writeBin(as.double(values), connection, size = 8, endian = "little")
  close(connection)
}
numbers(cel$intensities, "intensities")
numbers(cel$stdvs, "stdv")
numbers(cel$pixels, "pixels")
numbers(sort(cel$outliers) - 1, "outliers")
numbers(sort(cel$masked) - 1, "masks")
header <- cel$header
fields <- c("version", "rows", "cols", "chiptype", "algorithm", "noutliers", "nmasked", "datheader")
lines <- vapply(fields, function(field) paste(field, header[[field]], sep = "="), "")
if (requireNamespace("affyio", quietly = TRUE)) {
  full <- affyio::read.celfile.header(arguments[1], info = "full")
  lines <- c(lines, paste0("affyio_chiptype=", full$cdfName), paste0("affyio_scandate=", full$ScanDate))
}
writeLines(lines, file.path(arguments[2], "header"))
