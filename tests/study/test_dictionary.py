"""The dictionary: names and units as the study uses them, complete in two languages, one source for all."""

import csv
import json
import re

import pytest
from helpers.languages import speak

from mgbone.study import dictionary
from mgbone.study.design import REGIONS, STRUCTURES
from mgbone.study.dictionary import (
    README_BEGIN,
    README_END,
    TABLES,
    data_dictionary,
    endpoint,
    endpoint_label,
    endpoint_unit,
    endpoints,
    field_label,
    field_unit,
    region_label,
    structure_label,
    table_fields,
    table_schema,
    typeset_unit,
    unit_label,
    write_data_readme,
)
from mgbone.study.errors import MgboneError
from mgbone.study.paths import project_root

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")

FIELDS = {
    "animals": "animal_id experiment group body_weight_initial body_weight_final food_intake femur_length",
    "serum": "animal_id serum_mg serum_ca serum_p serum_pth serum_osteocalcin serum_alp",
    "urine": "animal_id urine_volume ctx dpd creatinine",
    "balance": "animal_id mg_intake mg_faeces mg_urine ca_intake ca_faeces ca_urine "
    "p_intake p_faeces p_urine",
    "qct_slices": "animal_id slice position thickness whole_area whole_content cortical_area "
    "cortical_content cancellous_area cancellous_content trabecular_area trabecular_content",
    "arrays": "array_id animal_id file",
}
UNITS = {
    "body_weight_initial": "g", "body_weight_final": "g", "food_intake": "g/day", "femur_length": "mm",
    "serum_mg": "mg/dL", "serum_ca": "mg/dL", "serum_p": "mg/dL", "serum_pth": "pg/mL",
    "serum_osteocalcin": "ng/mL", "serum_alp": "U/L",
    "urine_volume": "mL/day", "ctx": "ug/L", "dpd": "nmol/L", "creatinine": "mmol/L",
    "position": "mm", "thickness": "mm",
}  # fmt: skip


# --- fields ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_tables_have_the_agreed_fields_and_units(name):
    fields = table_fields(name)
    assert list(fields) == FIELDS[name].split()
    for field in fields.values():
        expected = UNITS.get(field["name"], "")
        if field["name"].endswith("_area"):
            expected = "mm2"
        if field["name"].endswith("_content"):
            expected = "mg"
        if name == "balance" and field["name"] != "animal_id":
            expected = "mg/day"
        assert field.get("unit", "") == expected == field_unit(name, field["name"])


@pytest.mark.parametrize("name", TABLES)
def test_every_field_is_explained_in_both_languages(name):
    schema = table_schema(name)
    for entry in [schema, *schema["fields"]]:
        for key in ("title", "description"):
            assert entry[key] and not JAPANESE.search(entry[key])
            assert JAPANESE.search(entry[f"{key}_ja"])
        assert entry["description"].endswith(".") and entry["description_ja"].endswith("。")


@pytest.mark.parametrize("name", TABLES)
def test_keys_point_at_fields_that_exist(name):
    schema = table_schema(name)
    fields = table_fields(name)
    assert set(schema["primaryKey"]) <= set(fields)
    for field in schema["primaryKey"]:
        assert fields[field]["constraints"]["required"]
    for key in schema.get("foreignKeys", []):
        assert set(key["fields"]) <= set(fields)
        assert set(key["reference"]["fields"]) <= set(table_fields(key["reference"]["resource"]))
    assert bool(schema.get("foreignKeys")) == (name != "animals")


def test_quantities_may_be_blank_and_never_negative():
    """But for mineral where marrow is, which may lie below zero on a calibrated scale."""
    marrow = ("cancellous_content", "trabecular_content")
    for name in TABLES:
        for field in table_fields(name).values():
            if field["type"] == "number":
                assert (field["constraints"].get("minimum") == 0) != (field["name"] in marrow)
                needed = field["name"] in ("position", "thickness")
                assert field["constraints"].get("required", False) == needed


def test_a_schema_can_be_changed_without_changing_the_dictionary():
    table_schema("serum")["fields"].clear()
    endpoint("serum_mg").clear()
    assert list(table_fields("serum")) == FIELDS["serum"].split()
    assert endpoint_label("serum_mg") == "Serum magnesium"


def test_groups_become_the_allowed_values_of_animals_only():
    groups = {"a": ("x", "y"), "b": ("x", "z")}
    fields = {field["name"]: field for field in table_schema("animals", groups)["fields"]}
    assert fields["experiment"]["constraints"]["enum"] == ["a", "b"]
    assert fields["group"]["constraints"]["enum"] == ["x", "y", "z"]
    assert table_schema("serum", groups) == table_schema("serum")


# --- endpoints ---------------------------------------------------------------------------------------


def test_endpoints_are_those_of_the_study_in_the_order_of_the_report():
    biochem = "food_intake body_weight_gain serum_mg serum_ca serum_p serum_osteocalcin serum_alp "
    biochem += "urine_ctx urine_dpd serum_pth"
    themes = "array_clustering inflammatory_response_genes mineral_metabolism_genes bone_metabolism_genes "
    themes += "score_inflammatory_response score_mineral_metabolism score_bone_metabolism"
    density = [f"bmd_{structure}_{region}" for structure in STRUCTURES for region in REGIONS]
    assert endpoints("biochem") == tuple(biochem.split())
    balance = "absorption_mg absorption_ca absorption_p retention_mg retention_ca retention_p"
    assert endpoints("balance") == tuple(balance.split())
    assert endpoints("qct") == tuple(density)
    assert endpoints("microarray") == tuple(themes.split())
    assert endpoints() == tuple(
        name for domain in ("biochem", "qct", "balance", "microarray") for name in endpoints(domain)
    )


def test_every_claim_of_the_ledger_is_about_an_endpoint_and_in_its_unit():
    with (project_root() / "data" / "report" / "claims.csv").open(encoding="utf-8", newline="") as stream:
        claims = list(csv.DictReader(stream))
    assert claims
    for claim in claims:
        assert claim["endpoint"] in endpoints()
        if claim["unit"]:
            assert claim["unit"] == endpoint_unit(claim["endpoint"])
        if claim["domain"] != "integration":
            assert claim["domain"] == endpoint(claim["endpoint"])["domain"]


def test_every_endpoint_is_explained_in_both_languages_and_made_from_fields():
    for name in endpoints():
        entry = endpoint(name)
        for key in ("title", "short", "description", "formula"):
            assert entry[key] and "{" not in entry[key] and not JAPANESE.search(entry[key])
        for key in ("title_ja", "description_ja"):
            assert JAPANESE.search(entry[key]) and "{" not in entry[key]
        assert entry["derived_from"]
        for source in entry["derived_from"]:
            table, field = source.split(".")
            assert field in table_fields(table)


def test_labels_and_units_as_people_read_them():
    assert endpoint_label("serum_mg") == "Serum magnesium"
    assert speak("ja", endpoint_label, "serum_mg", unit=True) == "血清Mg濃度 (mg/dL)"
    assert endpoint_label("serum_mg", short=True) == "Mg"
    assert endpoint_label("urine_ctx", unit=True) == "Urinary CTX-I (µg/mmol Cr)"
    assert speak("ja", endpoint_label, "food_intake", unit=True) == "飼料摂取量 (g/日)"
    assert (
        endpoint_label("bmd_trabecular_distal", unit=True)
        == "Trabecular bone mineral density, distal region (mg/cm³)"
    )
    assert speak("ja", endpoint_label, "bmd_trabecular_distal") == "遠位部の骨梁密度"
    assert endpoint_label("bmd_cortical_mid", short=True) == "Cortical, mid"
    assert speak("ja", endpoint_label, "bmd_cortical_mid", short=True) == "皮質骨・中間部"
    assert endpoint_label("array_clustering", unit=True) == "Hierarchical clustering of the arrays"
    assert speak("ja", field_label, "urine", "ctx", unit=True) == "尿中CTX-I濃度 (µg/L)"
    assert field_label("qct_slices", "whole_area", unit=True) == "Whole bone, area (mm²)"


def test_units_are_ascii_in_data_and_typeset_for_people():
    assert (endpoint_unit("urine_ctx"), endpoint_unit("urine_ctx", typeset=True)) == (
        "ug/mmol Cr",
        "µg/mmol Cr",
    )
    assert (endpoint_unit("bmd_whole_full"), speak("ja", endpoint_unit, "bmd_whole_full", typeset=True)) == (
        "mg/cm3",
        "mg/cm³",
    )
    assert (endpoint_unit("food_intake"), speak("ja", endpoint_unit, "food_intake", typeset=True)) == (
        "g/day",
        "g/日",
    )
    assert speak("ja", endpoint_unit, "bone_metabolism_genes", typeset=True) == ""
    assert [speak("ja", unit_label, unit) for unit in ("g/day", "ug/mmol Cr", "log ratio")] == [
        "g/日",
        "µg/mmol Cr",
        "対数比",
    ]
    assert all(endpoint_unit(name).isascii() for name in endpoints())


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("ug/L", "µg/L"),
        ("mm2", "mm²"),
        ("mg/cm3", "mg/cm³"),
        ("mg/dL", "mg/dL"),
        ("U/L", "U/L"),
        ("uL", "µL"),
        ("", ""),
    ],
)
def test_typeset_unit(plain, shown):
    assert typeset_unit(plain) == shown


def test_structures_and_regions_have_the_names_of_the_report():
    assert [speak("ja", structure_label, name) for name in STRUCTURES] == ["全骨", "皮質骨", "海綿骨", "骨梁"]
    assert structure_label("whole") == "Whole bone"
    assert structure_label("trabecular", short=True) == "Trabecular"
    assert [speak("ja", region_label, name) for name in REGIONS] == ["全長", "遠位部", "中間部", "近位部"]
    assert [region_label(name) for name in REGIONS][:2] == ["full length", "distal region"]
    assert region_label("mid", short=True) == "mid"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: endpoint_label("serum_zn"), "no endpoint 'serum_zn' in the dictionary; it has food_intake"),
        (lambda: endpoint_unit("bmd_whole_top"), "no endpoint 'bmd_whole_top'"),
        (lambda: table_schema("faeces"), "no table 'faeces' in the dictionary; it has animals, serum"),
        (lambda: field_label("serum", "zinc"), "no field of serum 'zinc'"),
        (lambda: structure_label("marrow"), "no structure 'marrow'"),
        (lambda: region_label("head"), "no region 'head'"),
    ],
)
def test_unknown_names_are_named(ask, message):
    with pytest.raises(MgboneError, match=message):
        ask()


# --- data/README.md ----------------------------------------------------------------------------------


def test_data_readme_holds_the_dictionary_as_it_is():
    text = (project_root() / "data" / "README.md").read_text(encoding="utf-8")
    _, _, rest = text.partition(README_BEGIN)
    written, _, _ = rest.partition(README_END)
    assert written.strip() == data_dictionary().strip(), "run mgbone.study.dictionary.write_data_readme()"


def test_the_dictionary_names_every_field_endpoint_and_place():
    text = data_dictionary()
    for name in TABLES:
        assert f"`{name}.csv`" in text
        assert all(f"| `{field}` |" in text for field in table_fields(name))
    assert all(f"| `{name}` |" in text for name in endpoints() if not name.startswith("bmd_"))
    assert text.count("bmd_<structure>_<region>") == 1
    assert all(f"| `{name}` |" in text for name in (*STRUCTURES, *REGIONS))
    assert "{" not in text


def test_writing_the_readme_keeps_the_prose_and_settles(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(f"before\n{README_BEGIN}\nold\n{README_END}\nafter\n", encoding="utf-8")
    write_data_readme(path)
    first = path.read_bytes()
    text = first.decode()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "\nold\n" not in text
    assert data_dictionary() in text
    write_data_readme(path)
    assert path.read_bytes() == first


def test_a_readme_without_marks_is_left_alone(tmp_path):
    path = tmp_path / "README.md"
    path.write_text("mine\n")
    with pytest.raises(MgboneError, match="lacks the marks"):
        write_data_readme(path)
    assert path.read_text() == "mine\n"


def test_the_schema_files_are_plain_json_with_unescaped_japanese():
    folder = project_root() / "src" / "mgbone" / "study" / "schema"
    for name in ("tables.json", "endpoints.json"):
        text = (folder / name).read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"
    assert dictionary._raw("tables.json").keys() == set(TABLES)


def test_what_says_once_more_is_told_apart():
    again = ["score_bone_metabolism", "serum_alp/serum_osteocalcin", "serum_mg~serum_ca"]
    assert all(dictionary.is_derived(name) for name in again)
    assert not any(dictionary.is_derived(name) for name in ("serum_mg", "bmd_whole_full", "array_clustering"))


def test_an_endpoint_that_is_a_column_bears_its_name():
    """tables.json and endpoints.json both name it; two names for one thing are read as two things."""
    columns = {name: field for table in TABLES for name, field in table_fields(table).items()}
    titles = ("title", "title_ja")
    both = {name: (endpoint(name), columns[name]) for name in endpoints() if name in columns}
    assert len(both) >= 7
    assert [n for n, (one, other) in both.items() if any(one[t] != other[t] for t in titles)] == []
