# Export GO biological process and a list of genes for a simulated chip from two Bioconductor annotation packages,
# as Debian ships them (r-bioc-org.hs.eg.db, r-bioc-go.db). Run once; the outputs are committed:
#
#   Rscript data/genesets/export_go.R
#
# Writes go_bp.gmt.gz, chip_genes.csv.gz and provenance.json beside this script. Everything is sorted by byte value and the gzip
# header holds no time, so that the same packages give the same bytes.

suppressPackageStartupMessages({
  library(AnnotationDbi)
  library(org.Hs.eg.db)
  library(GO.db)
})
invisible(Sys.setlocale("LC_COLLATE", "C"))

SMALLEST <- 10L
LARGEST <- 1000L
CHIP_GENES <- 22900L

script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
folder <- dirname(normalizePath(script))

# ---- Symbols in rat style ------------------------------------------------------------------------------------------
# First character as it is (they are capitals), all others lower case: IL6 -> Il6, HLA-A -> Hla-a, MT-ND1 -> Mt-nd1,
# OR4F5 -> Or4f5. Left as they are: names that NCBI made from a gene number (LOC + digits), and open reading frames
# named after their place on a human chromosome (C1orf112), which have no counterpart of that name in the rat.
rat_style <- function(symbol) {
  keep <- grepl("^LOC[0-9]+$", symbol) | grepl("^C([0-9]+|X|Y)orf[0-9]+", symbol)
  changed <- paste0(substr(symbol, 1, 1), tolower(substring(symbol, 2)))
  ifelse(keep, symbol, changed)
}

# gzip -n writes neither name nor time into the header; R's gzfile() cannot promise that.
write_gz <- function(lines, name) {
  path <- file.path(folder, name)
  plain <- tempfile()
  output <- file(plain, "wb")
  writeBin(charToRaw(enc2utf8(paste0(paste(lines, collapse = "\n"), "\n"))), output)
  close(output)
  stopifnot(system2("gzip", c("-9", "-n", "-f", "-k", shQuote(plain))) == 0)
  file.copy(paste0(plain, ".gz"), path, overwrite = TRUE)
  invisible(length(lines))
}

genes <- suppressMessages(select(
  org.Hs.eg.db, keys(org.Hs.eg.db), c("SYMBOL", "GENENAME", "GENETYPE"), "ENTREZID"
))
genes <- genes[!duplicated(genes$ENTREZID) & !is.na(genes$SYMBOL), ]
genes$rat <- rat_style(genes$SYMBOL)

# ---- Gene sets -----------------------------------------------------------------------------------------------------
# GO2ALLEGS holds, for each term, the genes annotated to it or to any term below it; NOT annotations are left out there.
annotated <- as.list(org.Hs.egGO2ALLEGS)
terms <- suppressMessages(select(GO.db, names(annotated), c("ONTOLOGY", "TERM"), "GOID"))
terms <- terms[!is.na(terms$ONTOLOGY) & terms$ONTOLOGY == "BP", ]
terms <- terms[order(terms$GOID), ]
symbol_of <- setNames(genes$rat, genes$ENTREZID)
sets <- lapply(annotated[terms$GOID], function(ids) sort(unique(symbol_of[unique(ids)])))
in_any_term <- unique(unlist(sets, use.names = FALSE))
fits <- lengths(sets) >= SMALLEST & lengths(sets) <= LARGEST
sets <- sets[fits]
terms <- terms[fits, ]
lines <- paste(terms$GOID, terms$TERM, vapply(sets, paste, "", collapse = "\t"), sep = "\t")
n_sets <- write_gz(lines, "go_bp.gmt.gz")

# ---- Genes for a simulated chip ------------------------------------------------------------------------------------
# As many as the product sheet of the chip gives: those in any GO biological process, then protein-coding genes without
# one, then non-coding RNA that has only a number for a name; by symbol within each.
genes$tier <- ifelse(genes$rat %in% in_any_term, 1L, ifelse(genes$GENETYPE == "protein-coding", 2L, 3L))
usable <- genes[genes$tier < 3L | (genes$GENETYPE %in% "ncRNA" & grepl("^LOC", genes$rat)), ]
usable <- usable[order(usable$tier, usable$rat, as.numeric(usable$ENTREZID)), ]
usable <- usable[!duplicated(usable$rat), ]
chip <- head(usable, CHIP_GENES)
stopifnot(nrow(chip) == CHIP_GENES, !anyDuplicated(chip$rat), all(unique(unlist(sets)) %in% chip$rat))
quoted <- function(x) ifelse(grepl('[",]', x), paste0('"', gsub('"', '""', x), '"'), x)
annotation <- c("go_biological_process", "protein_coding", "non_coding_rna")[chip$tier]
rows <- paste(chip$rat, quoted(chip$GENENAME), chip$SYMBOL, chip$ENTREZID, annotation, sep = ",")
write_gz(c("symbol,gene_name,human_symbol,human_entrez_id,tier", rows), "chip_genes.csv.gz")

# ---- Where it comes from -------------------------------------------------------------------------------------------
value <- function(package, name) { table <- metadata(package); table$value[table$name == name] }
sha256 <- function(name) {
  sub(" .*", "", system2("sha256sum", shQuote(file.path(folder, name)), stdout = TRUE))
}
provenance <- c(
  "{",
  sprintf('  "gene_ontology": {"date": "%s", "source": "%s"},',
          value(GO.db, "GOSOURCEDATE"), value(GO.db, "GOSOURCEURL")),
  sprintf('  "gene_annotation": {"source": "%s", "date": "%s", "organism": "%s", "taxon": %s},',
          value(org.Hs.eg.db, "GOEGSOURCENAME"), value(org.Hs.eg.db, "GOEGSOURCEDATE"),
          value(org.Hs.eg.db, "ORGANISM"), value(org.Hs.eg.db, "TAXID")),
  sprintf('  "packages": {"org.Hs.eg.db": "%s", "GO.db": "%s", "AnnotationDbi": "%s", "R": "%s"},',
          packageVersion("org.Hs.eg.db"), packageVersion("GO.db"), packageVersion("AnnotationDbi"), getRversion()),
  sprintf('  "ontology": "biological_process", "smallest_set": %d, "largest_set": %d,', SMALLEST, LARGEST),
  sprintf('  "gene_sets": %d, "genes_in_sets": %d, "terms_before_size_limits": %d,',
          n_sets, length(unique(unlist(sets))), length(fits)),
  sprintf('  "chip_genes": {"go_biological_process": %d, "protein_coding": %d, "non_coding_rna": %d},',
          sum(chip$tier == 1L), sum(chip$tier == 2L), sum(chip$tier == 3L)),
  '  "licence": "CC BY 4.0, Gene Ontology Consortium (https://geneontology.org)",',
  sprintf('  "sha256": {"go_bp.gmt.gz": "%s", "chip_genes.csv.gz": "%s"}', sha256("go_bp.gmt.gz"), sha256("chip_genes.csv.gz")),
  "}"
)
writeLines(provenance, file.path(folder, "provenance.json"))
