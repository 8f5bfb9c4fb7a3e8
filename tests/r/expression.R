# From CEL files and library files to log2 expression of genes, by affxparser and preprocessCore: RMA, the transcript cluster
# of each symbol with the largest mean. Used by recompute.R and by the benchmark beside R.
read_expression <- function(folder) {
  raw <- function(name) read.csv(file.path(folder, name), check.names = FALSE)
  arrays <- merge(raw("arrays.csv"), raw("animals.csv")[c("animal_id", "experiment", "group")], sort = FALSE)
  cel <- sapply(file.path(folder, arrays$file), function(f) affxparser::readCel(f, readIntensities = TRUE)$intensities)
  platform <- function(end) list.files(file.path(folder, "platform"), end, full.names = TRUE)
  lines <- strsplit(readLines(platform("pgf$")), "\t")
  lines <- lines[!grepl("^#", sapply(lines, `[`, 1))]
  depth <- sapply(lines, function(l) sum(cumprod(l == "")))
  set <- cumsum(depth == 0)
  probe <- data.frame(set = as.integer(sapply(lines[depth == 0], `[`, 1))[set[depth == 2]], id = as.integer(sapply(lines[depth == 2], `[`, 3)))
  mps <- read.delim(platform("mps$"), comment.char = "#")
  of <- strsplit(as.character(mps$probeset_list), " ")
  cluster <- setNames(rep(mps$transcript_cluster_id, lengths(of)), unlist(of))
  probe <- probe[as.character(probe$set) %in% names(cluster), ]
  pm <- cel[probe$id, ]
  normal <- preprocessCore::normalize.quantiles(preprocessCore::rma.background.correct(pm + 0))
  values <- preprocessCore::subColSummarizeMedianpolishLog(normal, cluster[as.character(probe$set)])
  symbols <- read.csv(platform("csv$"), comment.char = "#")
  symbol <- setNames(trimws(sapply(strsplit(symbols$gene_assignment, "//"), `[`, 2)), symbols$transcript_cluster_id)[rownames(values)]
  order_of <- order(-rowMeans(values))
  kept <- sort(order_of[!duplicated(symbol[order_of]) & !is.na(symbol[order_of])])
  genes <- values[kept, ]; rownames(genes) <- symbol[kept]
  list(arrays = arrays, genes = genes)
}
