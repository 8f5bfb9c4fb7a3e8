"""What is kept of the minerals eaten: by hand, and without a trace where there is no such table."""

import numpy as np
import pandas as pd
import pytest
from helpers import ROOT
from helpers.small_dataset import in_memory, tables

import mgbone
from mgbone import biochem
from mgbone.dataset.csv_table import read_table
from mgbone.simulate.balance import simulate_balance
from mgbone.simulate.dataset_writer import SHIPPED, write_dataset
from mgbone.study.dictionary import measured_fields


def balance(**columns):
    animals = tables()["animals"]["animal_id"]
    table = pd.DataFrame({"animal_id": animals, **dict.fromkeys(measured_fields("balance"), np.nan)})
    for name, values in columns.items():
        table.loc[: len(values) - 1, name] = values
    return table


def test_absorption_and_retention_by_hand():
    """8 eaten, 2 in faeces, 1.5 in urine: 75 % absorbed, 4.5 mg kept; more lost than eaten is below zero."""
    table = balance(
        mg_intake=[8.0, 4.0, 0.0],
        mg_faeces=[2.0, 5.0, 1.0],
        mg_urine=[1.5, 0.5, 0.0],
        ca_intake=[70.0],
        ca_faeces=[28.0],
    )
    found = biochem.mineral_balance(in_memory(balance=table)).pivot_table(
        index="animal_id", columns="endpoint", values="value"
    )
    first, second, third = tables()["animals"]["animal_id"].head(3)
    assert found.loc[first, ["absorption_mg", "retention_mg"]].tolist() == pytest.approx([75, 4.5])
    assert found.loc[second, ["absorption_mg", "retention_mg"]].tolist() == pytest.approx([-25, -1.5])
    assert np.isnan(found.loc[third, "absorption_mg"]) and found.loc[third, "retention_mg"] == -1
    assert found.loc[first, "absorption_ca"] == pytest.approx(60)
    assert "retention_ca" not in found  # no urine: nothing is known of what is kept


def test_without_the_table_there_is_no_section():
    for dataset in (in_memory(), in_memory(balance=balance())):
        kept = biochem.mineral_balance(dataset)
        assert kept.empty and biochem.tell_balance(kept).data == ""


def test_a_laboratory_may_have_it(tmp_path):
    animals = tables()["animals"][["animal_id", "experiment", "group"]]
    animals.to_csv(tmp_path / "animals.csv", index=False)
    kept = pd.DataFrame({"動物番号": animals["animal_id"], "Mg摂取量 (g/日)": 0.008, "糞中Mg (mg/day)": 2})
    kept.to_csv(tmp_path / "出納.csv", index=False)
    dataset = mgbone.open_dataset(tmp_path)
    assert dataset.balance["mg_intake"].tolist() == pytest.approx([8.0] * len(animals))
    assert set(biochem.mineral_balance(dataset)["value"]) == {75.0}


def test_the_shipped_balance_follows_what_was_eaten(study):
    folder = ROOT / "data" / "simulated"
    made = {name: pd.read_csv(folder / f"{name}.csv") for name in ("animals", "balance")}
    both = made["animals"].merge(made["balance"], on="animal_id", validate="one_to_one")
    percent = both["group"].map({name: group.dietary_mg_percent for name, group in study.groups.items()})
    assert np.allclose(both["mg_intake"], 10 * both["food_intake"] * percent, atol=0.006)
    assert np.allclose(both["ca_intake"], 10 * both["food_intake"] * 0.5, atol=0.006)
    for mineral in ("mg", "ca", "p"):
        assert (both[f"{mineral}_faeces"] + both[f"{mineral}_urine"] < both[f"{mineral}_intake"]).all()
    assert read_table((folder / "balance.csv").read_bytes(), "balance.csv", "balance", None).faults == []


def test_without_effect_the_diet_changes_nothing(study):
    animals = tables(200)["animals"].assign(food_intake=14.0)
    drawn = simulate_balance(animals, study, effect=False, seed=3).set_index(animals["group"])
    shares = 1 - drawn["mg_faeces"] / drawn["mg_intake"]
    assert set(drawn["mg_intake"]) == {7.0}
    assert shares.groupby(level=0).median().sub(0.65).abs().max() < 0.012  # of 200 or more animals


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_the_other_tables_are_as_they_were_before_it(tmp_path, name):
    """Its random numbers are a stream of their own: the committed tables come out byte by byte."""
    about = SHIPPED[name]
    write_dataset(tmp_path, effect=about.effect, seed=about.seed, arrays=False)
    for path in tmp_path.glob("*.csv"):
        assert path.read_bytes() == (ROOT / "data" / name / path.name).read_bytes(), path.name
