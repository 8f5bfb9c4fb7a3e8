"""Tables and notes as people read them."""

import pandas as pd

from mgbone.study import reading
from mgbone.study.language import speaking


def test_notes_are_a_list_or_said_to_be_none():
    said = ["One thing.", "a_1.CEL: another <b> ![x](y)"]
    listed = "<ul><li>One thing.</li><li>a_1.CEL: another &lt;b&gt; ![x](y)</li></ul>"
    assert reading.notes(said).data == listed
    assert reading.notes(()).data == "<em>Nothing to note.</em>"


def test_a_readable_table_has_no_codes_in_rows_headings_or_index():
    table = pd.DataFrame(
        {
            "endpoint": ["serum_mg", "bmd_cortical_mid"],
            "domain": ["biochem", "qct"],
            "mg004_vs_control": [92.04, 101.2],
            "direction_only": [1, 0],
        }
    )
    shown = reading.with_names(table)
    assert shown["part"].tolist() == ["Biochemistry", "Bone density (qCT)"]
    assert list(shown.columns) == ["endpoint", "part", "0.04 % Mg vs Control", "direction only"]
    by_endpoint = reading.with_names(table.set_index("endpoint"))
    assert by_endpoint.index.tolist() == shown["endpoint"].tolist()
    totals = reading.with_names(pd.DataFrame({"n": [3, 4]}, index=pd.Index(["qct", "total"], name="domain")))
    assert totals.index.tolist() == ["Bone density (qCT)", "Total"]


def test_a_readable_table_names_groups_parts_of_bone_and_measures():
    cells = pd.DataFrame(
        {"group": ["mg001"], "structure": ["whole"], "region": ["mid"], "p_holm": [0.0312], "full": [1.0]},
        index=pd.Index(["4-1-1-01"], name="claim_id"),
    )
    shown = reading.with_names(cells)
    assert shown.iloc[0].tolist() == ["0.01 % Mg", "Whole bone", "middle region", "0.031", "1"]
    assert list(shown.columns) == ["group", "structure", "region", "p, Holm", "full length"]
    assert shown.index.name == "claim"


def test_a_heading_bears_the_unit_of_its_values():
    assert reading.in_unit("difference", "bmd_whole_full") == "difference (mg/cm³)"
    with speaking("ja"):
        assert reading.in_unit("difference", "bmd_whole_full") == "差（mg/cm³）"


def test_a_table_of_sentences_is_set_from_the_left_and_escaped():
    html = reading.as_text_table(pd.DataFrame({"asks": ["values <LOD"]}, index=["1a"])).to_html()
    assert "text-align: left" in html
    assert "&lt;LOD" in html
    assert "1a" in html
    assert ">0<" not in reading.as_text_table(pd.DataFrame({"asks": ["n"]})).to_html()


def test_large_numbers_are_written_in_full():
    shown = reading.with_names(pd.DataFrame({"variance": [0.01234, 999.4, 10_412.3, -12_345.6, None]}))
    assert shown["variance within groups"].tolist() == ["0.0123", "999", "10,412", "-12,346", ""]
