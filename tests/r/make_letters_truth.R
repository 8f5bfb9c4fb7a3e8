# Writes tests/r/letters_truth.csv: compact letters of multcompView 0.1-8 (Graves, Piepho, Selzer; after Piepho 2004).
# Run from the project's folder: Rscript tests/r/make_letters_truth.R
library(multcompView)
set.seed(2004)
rows <- list()
for (case in 1:60) {
  k <- sample(3:7, 1)
  names <- LETTERS[1:k]
  pairs <- combn(names, 2)
  differ <- setNames(runif(ncol(pairs)) < runif(1, 0.1, 0.8), apply(pairs, 2, paste, collapse = "-"))
  letters <- multcompLetters(differ)$Letters[names]
  rows[[case]] <- data.frame(groups = paste(names, collapse = " "), differ = paste(names(differ)[differ], collapse = " "),
    letters = paste(letters, collapse = " "))
}
write.csv(do.call(rbind, rows), "tests/r/letters_truth.csv", row.names = FALSE, quote = FALSE)
