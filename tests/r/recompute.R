# Recompute the tables of a finished run from the raw files, in R alone, and print the largest difference per family.
# Run from the project's folder after `make all`:  Rscript tests/r/recompute.R [data/simulated]
# Base R; multcomp for Dunnett, and preprocessCore, affxparser and limma for the arrays, are used where installed (Debian:
# r-cran-multcomp, r-bioc-preprocesscore, r-bioc-affxparser, r-bioc-limma). Values below a limit are not recomputed.
options(stringsAsFactors = FALSE)
folder <- c(commandArgs(TRUE), "data/simulated")[1]
derived <- file.path("data/derived", basename(folder))
raw <- function(name) read.csv(file.path(folder, name), check.names = FALSE)
made <- function(name) read.csv(file.path(derived, paste0(name, ".csv")))
report <- function(family, mine, theirs) {
  known <- is.finite(mine) & is.finite(theirs)
  stopifnot(sum(known) > 0, all(is.na(mine) == is.na(theirs)))
  off <- max(abs(mine[known] - theirs[known]) / pmax(1, abs(mine[known])))
  cat(sprintf("%-46s %7d values, largest difference %.1e\n", family, sum(known), off))
}

# --- endpoints and densities ------------------------------------------------------------------------------------------
animals <- raw("animals.csv")
serum <- raw("serum.csv")
urine <- merge(raw("urine.csv"), animals["animal_id"])
per_creatinine <- data.frame(urine["animal_id"], urine_ctx = urine$ctx / urine$creatinine, urine_dpd = urine$dpd / urine$creatinine)
gain <- data.frame(animals["animal_id"], food_intake = animals$food_intake,
                   body_weight_gain = animals$body_weight_final - animals$body_weight_initial)
wide <- Reduce(function(a, b) merge(a, b, all = TRUE), list(gain, serum, per_creatinine))
slices <- merge(raw("qct_slices.csv"), animals[c("animal_id", "femur_length")])
where <- slices$position / slices$femur_length
regions <- list(full = where >= 0, distal = where < 0.333333, mid = where >= 0.333333 & where < 0.666667, proximal = where >= 0.666667)
for (structure in c("whole", "cortical", "cancellous", "trabecular")) {
  for (region in names(regions)) {
    inside <- slices[regions[[region]], ]
    content <- tapply(inside[[paste0(structure, "_content")]], inside$animal_id, sum)
    volume <- tapply(inside[[paste0(structure, "_area")]] * inside$thickness, inside$animal_id, sum)
    density <- data.frame(animal_id = names(content), 1000 * content / volume)
    names(density)[2] <- paste("bmd", structure, region, sep = "_")
    wide <- merge(wide, density, all.x = TRUE)
  }
}
for (part in c("biochem", "qct")) {
  table <- made(paste0("measurements_", part))
  mine <- mapply(function(a, e) wide[wide$animal_id == a, e], table$animal_id, table$endpoint)
  report(paste("endpoints,", part), as.numeric(mine), table$value)
}

# --- comparisons ------------------------------------------------------------------------------------------------------
wide <- merge(wide, animals[c("animal_id", "experiment", "group")])
evidence <- made("evidence")
evidence <- evidence[evidence$endpoint %in% names(wide) & grepl("_vs_", evidence$contrast), ]
exact_g <- function(x, y) {
  n <- c(length(x), length(y)); df <- sum(n) - 2; scale <- sqrt(sum(1 / n))
  sd <- sqrt((var(x) * (n[1] - 1) + var(y) * (n[2] - 1)) / df)
  t <- (mean(x) - mean(y)) / sd / scale
  tail <- function(shift) suppressWarnings(pt(t, df, shift))  # it warns of digits that nobody needs here
  limit <- function(p) uniroot(function(shift) tail(shift) - p, t + c(-12, 12), tol = 1e-12)$root * scale
  c(t * scale * (1 - 3 / (4 * df - 1)), limit(0.975), limit(0.025))
}
one <- function(row) {
  here <- wide[wide$experiment == row[["experiment"]] & !is.na(wide[[row[["endpoint"]]]]), ]
  y <- here[[row[["endpoint"]]]]; pair <- strsplit(row[["contrast"]], "_vs_")[[1]]
  fit <- aov(y ~ group, data.frame(y, group = factor(here$group)))
  tukey <- TukeyHSD(fit)$group; name <- paste(pair, collapse = "-")
  turned <- !(name %in% rownames(tukey))
  found <- tukey[if (turned) paste(rev(pair), collapse = "-") else name, ]
  limits <- if (turned) -found[c("upr", "lwr")] else found[c("lwr", "upr")]
  x <- y[here$group == pair[1]]; r <- y[here$group == pair[2]]
  df <- df.residual(fit); within <- deviance(fit) / df; bound <- as.numeric(row[["bound_percent"]]) / 100
  t_of <- function(edge) (mean(x) - edge * mean(r)) / sqrt(within * (1 / length(x) + edge^2 / length(r)))
  tost <- function(b) max(pt(t_of(1 + b), df), pt(t_of(1 - b), df, lower.tail = FALSE))
  smallest <- 100 * uniroot(function(b) tost(b) - 0.05, c(1e-6, 20), tol = 1e-12)$root
  c(found[["p adj"]], limits, exact_g(x, r), tost(bound), smallest)
}
mine <- t(apply(evidence, 1, one))
columns <- c("p", "ci_low", "ci_high", "hedges_g", "g_low", "g_high", "p_equivalence", "smallest_bound_percent")
for (i in seq_along(columns)) report(paste("comparisons,", columns[i]), mine[, i], evidence[[columns[i]]])

# --- other tests ------------------------------------------------------------------------------------------------------
others <- rbind(made("tests_biochem"), made("tests_qct"))
welch <- function(here, y, pair) {
  k <- length(unique(here$group)); v <- tapply(y, here$group, var) / table(here$group); m <- tapply(y, here$group, mean)
  n <- table(here$group)[pair]; df <- sum(v[pair])^2 / sum(v[pair]^2 / (n - 1))
  ptukey(abs(diff(m[pair])) / sqrt(sum(v[pair]) / 2), k, df, lower.tail = FALSE)
}
dunn <- function(here, y, pair) {
  ranks <- rank(signif(y, 10)); n <- table(here$group)[pair]; ties <- table(ranks)
  spread <- length(y) * (length(y) + 1) / 12 - sum(ties^3 - ties) / (12 * (length(y) - 1))
  2 * pnorm(-abs(diff(tapply(ranks, here$group, mean)[pair])) / sqrt(spread * sum(1 / n)))
}
dunnett <- function(here, y, pair) {
  group <- relevel(factor(here$group), "control")
  set.seed(1)
  answer <- summary(multcomp::glht(aov(y ~ group), multcomp::mcp(group = "Dunnett")))$test
  answer$pvalues[match(paste(pair, collapse = " - "), names(answer$coefficients))]
}
again <- list(
  tukey_kramer = function(here, y, pair) TukeyHSD(aov(y ~ group, data.frame(y, group = here$group)))$group[paste(sort(pair, TRUE), collapse = "-"), "p adj"],
  games_howell = welch,
  dunn = dunn,
  mann_whitney = function(here, y, pair) {
    y <- signif(y, 10)
    suppressWarnings(wilcox.test(y[here$group == pair[1]], y[here$group == pair[2]]))$p.value  # it warns of ties
  },
  log_scale = function(here, y, pair) again$tukey_kramer(here, log(y), pair)
)
if (requireNamespace("multcomp", quietly = TRUE)) again$dunnett <- dunnett
for (test in names(again)) {
  rows <- others[others$test == test & !is.na(others$p), ]
  mine <- apply(rows, 1, function(row) {
    here <- wide[wide$experiment == row[["experiment"]] & !is.na(wide[[row[["endpoint"]]]]), ]
    again[[test]](here, here[[row[["endpoint"]]]], strsplit(row[["contrast"]], "_vs_")[[1]])
  })
  mine <- as.numeric(mine)
  if (test %in% c("dunn", "mann_whitney")) mine <- ave(mine, rows$experiment, rows$endpoint, FUN = function(p) p.adjust(p, "holm"))
  report(paste("other tests,", test), mine, rows$p)
}

# --- absence and correlations -----------------------------------------------------------------------------------------
absence <- rbind(made("absence_biochem"), made("absence_qct"))
bayes <- apply(absence, 1, function(row) {
  here <- wide[wide$experiment == row[["experiment"]] & !is.na(wide[[row[["endpoint"]]]]), ]
  pair <- strsplit(row[["contrast"]], "_vs_")[[1]]
  y <- lapply(pair, function(g) here[here$group == g, row[["endpoint"]]])
  n <- lengths(y); df <- sum(n) - 2; size <- sqrt(prod(n) / sum(n))
  t <- t.test(y[[1]], y[[2]], var.equal = TRUE)$statistic
  under <- function(d) dt(t, df, size * d) * dcauchy(d, scale = sqrt(2) / 2)  # Rouder et al. 2009
  suppressWarnings(integrate(under, -Inf, Inf, rel.tol = 1e-9)$value) / dt(t, df)
})
report("absence, Bayes factor", bayes, absence$bf10)
pairs <- made("within_animals")
pairs <- pairs[pairs$a %in% names(wide) & pairs$b %in% names(wide), ]
r <- mapply(function(a, b) {
  both <- wide[!is.na(wide[[a]]) & !is.na(wide[[b]]), ]
  group <- paste(both$experiment, both$group)
  cor(both[[a]] - ave(both[[a]], group), both[[b]] - ave(both[[b]], group))
}, pairs$a, pairs$b)
report("within groups, correlation", r, pairs$r)

# --- arrays -----------------------------------------------------------------------------------------------------------
if (all(sapply(c("preprocessCore", "affxparser", "limma"), requireNamespace, quietly = TRUE))) {
  source("tests/r/expression.R")
  found <- read_expression(folder)
  arrays <- found$arrays; genes <- found$genes
  tested <- made("differential_expression")
  for (experiment in unique(tested$experiment)) {
    here <- arrays$experiment == experiment
    group <- factor(arrays$group[here]); design <- model.matrix(~ 0 + group); colnames(design) <- levels(group)
    for (contrast in unique(tested$contrast[tested$experiment == experiment])) {
      fit <- limma::lmFit(genes[, here], design)
      weights <- limma::makeContrasts(contrasts = sub("_vs_", "-", contrast), levels = design)
      all_contrasts <- sub("_vs_", "-", unique(tested$contrast[tested$experiment == experiment]))
      fit <- limma::eBayes(limma::contrasts.fit(fit, limma::makeContrasts(contrasts = all_contrasts, levels = design)))
      rows <- tested[tested$experiment == experiment & tested$contrast == contrast, ]
      column <- sub("_vs_", "-", contrast)
      report(paste("genes, log2 fold change,", contrast), fit$coefficients[rows$gene, column], rows$log2_fold_change)
      report(paste("genes, moderated t,", contrast), fit$t[rows$gene, column], rows$t)
    }
  }
}

# --- over-representation, from the table of genes ---------------------------------------------------------------------
tested <- made("differential_expression"); terms <- made("enriched_terms")
sets <- strsplit(readLines("data/genesets/go_bp.gmt.gz"), "\t")
names(sets) <- sapply(sets, `[`, 1)
p <- mapply(function(contrast, direction, term) {
  rows <- tested[tested$contrast == contrast & tested$average_expression > 5, ]
  sign <- if (direction == "up") 1 else -1
  chosen <- rows$gene[rows$q < 0.05 & sign * rows$log2_fold_change > 0]
  members <- intersect(sets[[term]][-(1:2)], rows$gene)
  phyper(sum(members %in% chosen) - 1, length(members), nrow(rows) - length(members), length(chosen), lower.tail = FALSE)
}, terms$contrast, terms$direction, terms$term)
report("over-representation, p", p, terms$p)
