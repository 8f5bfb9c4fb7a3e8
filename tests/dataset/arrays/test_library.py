"""Library files of chips: real ones, and written ones, sound and damaged."""

import gzip
import warnings

import numpy as np
import pandas as pd
import pytest
from helpers import SHARED
from helpers.cel_bytes import Scan, xda
from helpers.library_files import CLF, LISTED, MPS, PGF, TRANSCRIPTS

from mgbone.dataset.arrays.cel import read_cel, read_cels
from mgbone.dataset.arrays.library import PlatformWarning, find_platform, read_platform
from mgbone.dataset.arrays.library_files import read_clf, read_mps, read_pgf, read_transcript_annotation
from mgbone.microarray.normalisation import rma
from mgbone.study.errors import PlatformError

SAMPLES = SHARED / "cel_samples"
real = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real files (../shared/cel_samples) are not here")


def write_files(folder, **changed):
    """Write the four files; give None to leave one out."""
    files = {
        "Tiny_1.r1.pgf": PGF,
        "Tiny_1.r1.clf": CLF,
        "Tiny_1.r1.mps": MPS,
        "Tiny_1.na36.rn5.transcript.csv": TRANSCRIPTS,
    }
    short = {"pgf": "Tiny_1.r1.pgf", "clf": "Tiny_1.r1.clf", "mps": "Tiny_1.r1.mps"}
    for key, text in changed.items():
        files[short.get(key, "Tiny_1.na36.rn5.transcript.csv")] = text
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        if text is not None:
            (folder / name).write_text(text)
    return folder


def put(folder, text, name):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# --- real files -----------------------------------------------------------------------------------------


@real
def test_real_exon_pgf_as_oligo_reads_it():
    pgf = read_pgf(SAMPLES / "huex_mini" / "HuEx-test.pgf")
    expected = pd.read_csv(SAMPLES / "truth" / "HuExMini_pgf_flat.csv", dtype={"probeset": str})
    found = pgf.probes.assign(probeset=pgf.probesets["probeset_id"].to_numpy()[pgf.probes["probeset"]])
    pd.testing.assert_frame_equal(found[["probeset", "probe_id", "type"]], expected)
    assert pgf.header["chip_type"] == ["HuEx-1_0-st-v1", "HuEx-1_0-st-ta1"]
    assert pgf.probesets["type"].value_counts()["main"] == 77
    assert len(set(pgf.probes["atom_id"])) == 364


@real
def test_real_exon_chip_as_apt_cel_extract_reads_it():
    """What the maker's own tool printed: place, type, probe set and intensity of every probe."""
    folder = SAMPLES / "huex_mini"
    expected = pd.read_csv(folder / "extract-entire-pgf.txt", sep="\t")
    pgf, clf = read_pgf(folder / "HuEx-test.pgf"), read_clf(folder / "HuEx-test.clf")
    cells = clf.cells(expected["probe_id"])
    np.testing.assert_array_equal(cells, expected["y"] * clf.n_cols + expected["x"])
    for name in ("cerebellum", "heart", "muscle"):
        cel = read_cel(folder / f"huex_{name}.CEL")
        np.testing.assert_array_equal(cel.intensities[cells], expected[f"huex_{name}.CEL"])
    pairs = set(zip(pgf.probes["probe_id"], pgf.probes["type"].str[:2], strict=True))
    assert set(zip(expected["probe_id"], expected["probe_type"], strict=True)) <= pairs


@pytest.mark.slow
@real
def test_real_exon_platform_keeps_controls_apart():
    folder = SAMPLES / "huex_mini"
    with pytest.warns(PlatformWarning, match="no transcript annotation"):
        platform = read_platform(folder)
    assert platform.chip_types == ("HuEx-1_0-st-v1", "HuEx-1_0-st-ta1")
    assert (platform.n_rows, platform.n_cols) == (32, 32)
    assert len(platform.annotation) == 77 and platform.annotation.isna().all(axis=None)
    assert set(platform.controls["type"]) >= {"control->bgp->antigenomic", "control->bgp->genomic"}
    assert len(platform.cells) + len(platform.controls) == 371
    arrays = [folder / f"huex_{name}.CEL" for name in ("cerebellum", "heart", "muscle")]
    table = read_cels(arrays, cells=platform.cells)
    platform.check(table)
    assert rma(table, platform.probesets).shape == (77, 3)


@real
def test_real_pgf_with_empty_types_and_with_windows_line_ends():
    old = read_pgf(SAMPLES / "library_files" / "test.PGF")
    assert list(old.probesets["type"]) == ["", "", ""]
    assert old.probesets["probeset_name"][0] == "81426567_at"
    assert list(old.probes["probe_id"][:2]) == [866493, 868105]
    assert list(old.probes["exon_position"][:2]) == ["99557818", "99557818"]
    gene = read_pgf(SAMPLES / "library_files" / "HuGene-1_0-st-v1.r4,10_probesets.pgf")
    assert gene.header["chip_type"] == ["HuGene-1_0-st-v1"]
    assert len(gene.probesets) == 10 and gene.probesets["type"][0] == "normgene->exon"
    assert gene.probes["probe_sequence"].str.fullmatch("[ACGT]{25}").all()


@real
def test_real_clf_sequential_and_listed():
    listed = read_clf(SAMPLES / "library_files" / "test.nonseq.CLF")
    sequential = read_clf(SAMPLES / "library_files" / "test.seq.CLF")
    ids = np.array([1, 2, 16, 618634, 618656])
    np.testing.assert_array_equal(listed.cells(ids), sequential.cells(ids))
    with pytest.raises(PlatformError, match=r"no place for 1 probes .*as 17"):
        listed.cells(np.array([1, 17]))
    stray = read_clf(SAMPLES / "huex_mini" / "HuEx-test.clf")  # lists one probe, of another chip
    assert stray.first_id == 1 and stray.listed is None


@real
def test_real_transcript_annotation():
    genes = read_transcript_annotation(SAMPLES / "library_files" / "transcript-annot1.csv")
    assert genes.loc["2315125"].tolist()[0] == "OR4F17"
    assert genes.loc["2315125", "gene_name"].startswith("olfactory receptor, family 4, subfamily F")
    assert genes["gene_symbol"].notna().sum() == 51 and not (genes == "---").any(axis=None)


# --- written files --------------------------------------------------------------------------------------


def test_a_platform_is_put_together(tmp_path):
    platform = read_platform(write_files(tmp_path))
    assert platform.chip_types == ("Tiny_1", "Tiny_HT")
    found = sorted(zip(platform.probesets, platform.cells.tolist(), strict=True))
    # Probe p lies in cell p - 1; mismatch probe 4 is left out; probe 20 counts for two clusters; 101 is a
    # control.
    assert found == [("TC1", 2), ("TC1", 6), ("TC1", 19), ("TC2", 11), ("TC3", 19)]
    assert platform.annotation.index.tolist() == ["TC1", "TC2", "TC3"]
    assert platform.annotation.loc["TC1"].dropna().tolist() == ["Trpm6", "channel, cation"]
    assert platform.annotation.loc[["TC2", "TC3"]].isna().all(axis=None)
    assert platform.controls.to_dict("records") == [
        {"cell": 8, "probeset_id": "101", "name": "background", "type": "control->bgp->antigenomic"}
    ]
    assert sorted(platform.files) == ["clf", "mps", "pgf", "transcripts"]


def test_a_place_is_written_as_genome_browsers_do_and_missing_where_it_is_not_told(tmp_path):
    path = tmp_path / "x.transcript.csv"
    path.write_text(
        '"transcript_cluster_id","seqname","strand","start","stop","gene_assignment"\n'
        '"TC1","chr8","+","100","250","---"\n"TC2","---","---","---","---","---"\n'
    )
    places = read_transcript_annotation(path)["place"]
    assert places["TC1"] == "chr8:100-250 (+)"
    assert pd.isna(places["TC2"])


@pytest.mark.parametrize("lacking", ["start", "transcript_cluster_id"])
def test_a_column_is_there_if_the_heading_names_it_not_a_remark(tmp_path, lacking):
    columns = [
        "transcript_cluster_id",
        "probeset_id",
        "seqname",
        "strand",
        "start",
        "stop",
        "gene_assignment",
    ]
    columns.remove(lacking)
    path = tmp_path / "x.transcript.csv"
    row = ",".join("NM_2 // Trpm6 // channel" if name == "gene_assignment" else "7" for name in columns)
    path.write_text(f"#%remark=the columns transcript_cluster_id and start\n{','.join(columns)}\n{row}\n")
    genes = read_transcript_annotation(path)
    assert genes.loc["7", "gene_symbol"] == "Trpm6"
    assert pd.isna(genes.loc["7", "place"]) == (lacking == "start")


def test_without_mps_every_probe_set_is_its_own(tmp_path):
    folder = write_files(tmp_path, mps=None, transcripts=TRANSCRIPTS.replace("TC1", "100"))
    platform = read_platform(folder)
    assert sorted(zip(platform.probesets, platform.cells.tolist(), strict=True)) == [
        ("100", 2), ("100", 6), ("102", 11), ("103", 19),
    ]  # fmt: skip
    assert platform.annotation.loc["100", "gene_symbol"] == "Trpm6"


def test_without_mps_probe_sets_go_by_the_names_that_the_annotation_knows(tmp_path):
    named = TRANSCRIPTS.replace("TC1", "ps_a").replace("TC2", "ps_b")
    pgf = PGF.replace("old_style", "")  # one probe set without a name, which keeps its number
    platform = read_platform(write_files(tmp_path, mps=None, pgf=pgf, transcripts=named))
    assert sorted(zip(platform.probesets, platform.cells.tolist(), strict=True)) == [
        ("103", 19), ("ps_a", 2), ("ps_a", 6), ("ps_b", 11),
    ]  # fmt: skip
    assert platform.annotation.loc["ps_a", "gene_symbol"] == "Trpm6"
    with pytest.raises(PlatformError, match=r"knows none of the chip's .* \(such as 100\)"):
        read_platform(write_files(tmp_path, mps=None))  # TC1 is neither number nor name of a probe set


def test_an_mps_may_use_the_names_of_probe_sets(tmp_path):
    named = (
        MPS.replace("100 103", "ps_a old_style")
        .replace("\t102\t", "\tps_b\t")
        .replace("103 101", "old_style")
    )
    platform = read_platform(write_files(tmp_path, mps=named))
    assert sorted(zip(platform.probesets, platform.cells.tolist(), strict=True))[0] == ("TC1", 2)


@pytest.mark.parametrize("change", ["crlf", "gzip", "listed", "spaces"])
def test_the_same_platform_in_other_clothes(tmp_path, change):
    plain = read_platform(write_files(tmp_path / "plain"))
    other = write_files(tmp_path / "other", clf=LISTED if change == "listed" else CLF)
    for path in other.iterdir():
        if change == "crlf":
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        if change == "gzip":
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
        if change == "spaces":
            path.write_bytes(path.read_bytes() + b"\n\n")
    found = read_platform(other)
    np.testing.assert_array_equal(found.cells, plain.cells)
    assert list(found.probesets) == list(plain.probesets)
    pd.testing.assert_frame_equal(found.annotation, plain.annotation)
    pd.testing.assert_frame_equal(found.controls, plain.controls)


def test_files_are_found_by_suffix_in_any_case_and_below(tmp_path):
    folder = write_files(tmp_path)
    (folder / "Tiny_1.r1.pgf").rename(folder / "TINY_1.R2.PGF")
    below = folder / "library files"
    below.mkdir()
    (folder / "Tiny_1.r1.clf").rename(below / "tiny.CLF")
    (folder / "a1.CEL").write_bytes(xda(Scan()))
    found = find_platform(folder)
    assert found["pgf"].name == "TINY_1.R2.PGF" and found["clf"].name == "tiny.CLF"


def test_what_a_mac_packs_beside_the_files_is_passed_over(tmp_path):
    folder = write_files(tmp_path / "platform")
    for name in ("__MACOSX/Tiny_1.r1.pgf", "__MACOSX/._Tiny_1.r1.pgf", "._Tiny_1.r1.clf", "sub/.b/a.clf"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X        ")
    assert find_platform(folder)["pgf"] == folder / "Tiny_1.r1.pgf"
    assert find_platform(folder)["clf"] == folder / "Tiny_1.r1.clf"


def test_of_several_mps_files_the_core_level_is_taken(tmp_path):
    folder = write_files(tmp_path)
    for level in ("full", "core", "extended"):
        (folder / f"Tiny_1.r1.dt1.{level}.mps").write_text(MPS)
    assert find_platform(folder)["mps"].name == "Tiny_1.r1.dt1.core.mps"


def test_a_chip_that_fits_and_one_that_does_not(tmp_path):
    platform = read_platform(write_files(tmp_path))
    path = put(tmp_path, xda(Scan()), "a.CEL")
    platform.check(read_cel(path))
    table = read_cels([path])
    pd.testing.assert_frame_equal(platform.select(table), read_cels([path], cells=platform.cells))
    with pytest.raises(PlatformError, match=r"of chip Clariom_S_Rat, but .*pgf is for Tiny_1 and Tiny_HT"):
        platform.check(read_cel(put(tmp_path, xda(Scan(chip="Clariom_S_Rat")), "b.CEL")))
    with pytest.raises(PlatformError, match="6 x 5 cells"):
        platform.select(read_cels([put(tmp_path, xda(Scan(rows=6)), "c.CEL")]))


# --- what is wrong with library files -------------------------------------------------------------------


def test_a_chip_that_is_described_by_a_cdf(tmp_path):
    put(tmp_path, "[CDF]\n", "RAE230A.CDF")
    with pytest.raises(
        PlatformError, match=r"holds RAE230A\.CDF, so this is a 3' expression chip.*as expression\.txt"
    ):
        find_platform(tmp_path)


@pytest.mark.parametrize(
    ("left_out", "match"),
    [("pgf", "holds no PGF file"), ("clf", "holds no CLF file"), (None, "no PGF and no CLF")],
)
def test_missing_files(tmp_path, left_out, match):
    folder = write_files(tmp_path, **({left_out: None} if left_out else {"pgf": None, "clf": None}))
    with pytest.raises(PlatformError, match=match):
        read_platform(folder)


def test_no_folder_and_no_file(tmp_path):
    with pytest.raises(PlatformError, match="is no folder"):
        find_platform(tmp_path / "gone")
    with pytest.raises(PlatformError, match="can't be read"):
        read_pgf(tmp_path / "gone.pgf")
    with pytest.raises(PlatformError, match="No CLF file was given"):
        read_platform({"pgf": tmp_path / "a.pgf"})


def test_two_versions_side_by_side(tmp_path):
    folder = write_files(tmp_path)
    put(folder, PGF, "Tiny_1.r2.pgf")
    with pytest.raises(PlatformError, match=r"several \.pgf files \(Tiny_1\.r1\.pgf, Tiny_1\.r2\.pgf\)"):
        find_platform(folder)


def test_without_annotation_no_gene_has_a_symbol(tmp_path):
    folder = write_files(tmp_path, transcripts=None)
    with pytest.warns(PlatformWarning, match="no gene has a symbol"):
        platform = read_platform(folder)
    assert platform.annotation["gene_symbol"].isna().all()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (
            {"clf": CLF.replace("Tiny", "Other")},
            "is for Tiny_1 and Tiny_HT, but .* is for Other_1 and Other_HT",
        ),
        ({"clf": CLF.replace("rows=4", "rows=2")}, "no place for 2 probes of the PGF"),
        ({"clf": CLF.replace("rows=4", "rows=-4")}, "-4 x 5 cells"),
        ({"clf": CLF.replace("rows=4", "rows=four")}, "no usable rows"),
        ({"clf": CLF.replace("#%cols=5\n", "")}, "no usable cols"),
        ({"clf": LISTED.replace("7\t1\t1", "7\t9\t1")}, "outside 4 x 5"),
        ({"clf": LISTED.replace("7\t1\t1", "6\t1\t1")}, "lists a probe twice"),
        ({"clf": LISTED.replace("7\t1\t1", "seven\t1\t1")}, "can't be understood"),
        ({"clf": LISTED.replace("probe_id\tx\ty", "probe_id\tx")}, "header0 does not name"),
        ({"pgf": PGF.replace("\t\t3\tpm:st", "\t\tthree\tpm:st")}, "can't be understood"),
        (
            {"pgf": PGF.replace("\t\tprobe_id\ttype", "\t\tprobe\ttype")},
            "header2 does not name probe_id, type",
        ),
        ({"pgf": PGF.replace("#%header1=\tatom_id\n", "")}, "header1 does not name atom_id"),
        ({"pgf": PGF.replace("100\tmain\tps_a\n", "")}, "probe in line 8 belongs to no probe set"),
        (
            {"pgf": PGF.replace("102\tmain\tps_b\n\t4\n", "102\tmain\tps_b\n")},
            "probe in line 17 belongs to no",
        ),
        (
            {"pgf": PGF.replace("\t\t3\tpm:st\t12\tACGT", "\t\t3\tpm:st\t12\tACGT\t1\t2")},
            "line 9 has more columns",
        ),
        ({"pgf": PGF[: PGF.index("100\tmain")]}, "lists no probes"),
        (
            {"pgf": PGF.replace("main", "control").replace("103\t\t", "103\tcontrol\t")},
            "no perfect-match probes of main",
        ),
        ({"pgf": PGF.replace("gc_count", "type")}, "names a column twice"),
        (
            {"mps": MPS.replace("100 103", "100 999")},
            r"lists 1 probe sets that .* does not have \(such as 999\)",
        ),
        ({"mps": MPS.replace("probeset_list", "list")}, "has no column probeset_list"),
        ({"mps": MPS[: MPS.index("TC2")]}, "lists no probe sets"),
        ({"mps": ""}, "has no column"),
        ({"transcripts": TRANSCRIPTS.replace("TC", "XX")}, "knows none of the chip's transcript clusters"),
        ({"transcripts": TRANSCRIPTS.replace("gene_assignment", "genes")}, "has no column gene_assignment"),
        ({"transcripts": TRANSCRIPTS[:-4]}, "can't be understood"),
    ],
)
def test_damaged_or_unfitting_files(tmp_path, change, match):
    folder = write_files(tmp_path, **change)
    with pytest.raises(PlatformError, match=match) as caught:
        read_platform(folder)
    assert "Tiny_1" in str(caught.value)  # a file is named


def test_a_truncated_archive(tmp_path):
    path = put(tmp_path, gzip.compress(PGF.encode())[:60], "t.pgf.gz")
    with pytest.raises(PlatformError, match=r"t\.pgf\.gz: can't be read"):
        read_pgf(path)


def test_probes_may_lack_their_last_columns(tmp_path):
    pgf = read_pgf(put(tmp_path, PGF.replace("\t12\tACGT", ""), "t.pgf"))
    assert pgf.probes["probe_sequence"].tolist()[:2] == ["", "ACCT"]


def test_annotation_keeps_the_first_of_repeated_clusters(tmp_path):
    path = put(tmp_path, TRANSCRIPTS.replace('"TC9"', '"TC1"'), "t.csv")
    assert read_transcript_annotation(path).loc["TC1", "gene_symbol"] == "Trpm6"
    bglap = read_transcript_annotation(put(tmp_path, TRANSCRIPTS, "u.csv")).loc["TC9"]
    assert bglap["gene_symbol"] == "Bglap" and pd.isna(bglap["gene_name"])


def test_mps_rows_are_one_per_member(tmp_path):
    table = read_mps(put(tmp_path, MPS, "t.mps"))
    assert table.to_numpy().tolist() == [
        ["TC2", "102"], ["TC1", "100"], ["TC1", "103"], ["TC3", "103"], ["TC3", "101"],
    ]  # fmt: skip


def test_reading_changes_no_warning_filters(tmp_path):
    before = list(warnings.filters)
    read_platform(write_files(tmp_path))
    assert warnings.filters == before


def test_a_heading_that_repeats_a_name(tmp_path):
    doubled = MPS.replace("transcript_cluster_id\tprobeset_list", "probeset_list\tprobeset_list", 1)
    with pytest.raises(PlatformError, match="does not have"):  # the first of the two is taken: TC2, not 102
        read_platform(write_files(tmp_path, mps=doubled))
