# Specifications of one statement by specr (Masur and Scharkow, 1.0.1): CTX-I of 0.04 % Mg against the control.
#
#     Rscript tests/r/make_multiverse_truth.R > tests/r/multiverse_truth.json
#
# Two forms of the values, two scales, all animals or all but the most extreme one of each; specr's estimate, t and
# summary. p of Tukey-Kramer follows from t by ptukey.

suppressMessages({
  library(dplyr); library(purrr); library(furrr); library(specr)
})

animals <- read.csv("data/simulated/animals.csv")
urine <- merge(read.csv("data/simulated/urine.csv"), animals[animals$experiment == "exp2", c("animal_id", "group")])
urine$ratio <- urine$ctx / urine$creatinine
urine$day <- urine$ctx * urine$urine_volume / 1000
urine$ratio_log <- log(urine$ratio)
urine$day_log <- log(urine$day)
urine$mg004 <- as.numeric(urine$group == "mg004")
urine$mg002 <- as.numeric(urine$group == "mg002")
forms <- c("ratio", "ratio_log", "day", "day_log")
for (form in forms) {  # the animal farthest from its group's mean, in SD of the group, has no value
  away <- abs(ave(urine[[form]], urine$group, FUN = function(v) (v - mean(v)) / sd(v)))
  urine[[paste0(form, "_less")]] <- replace(urine[[form]], which.max(round(away, 9)), NA)
}
specs <- setup(data = urine, y = c(forms, paste0(forms, "_less")), x = "mg004", model = "lm", controls = "mg002")
found <- as_tibble(specr(specs)) %>% filter(controls == "mg002")
p <- ptukey(abs(found$statistic) * sqrt(2), 3, found$fit_df.residual, lower.tail = FALSE)
rows <- sprintf('{"form": "%s", "estimate": %.12g, "t": %.12g, "p": %.12g}', found$y, found$estimate, found$statistic, p)
cat(sprintf('{"specr": "%s", "rows": [\n%s\n]}\n',
            as.character(packageVersion("specr")), paste(rows, collapse = ",\n")))
