"""Boosted trees as flat arrays of nodes, read from XGBoost and LightGBM, written as ONNX.

Both members become one ``TreeEnsembleRegressor`` with six targets: one call where two sessions
would need two, and no softmax, whose last bits differ between one row and many. A node sends
x ≤ value to its true branch; XGBoost's x < value is turned into that by the next lower float32.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from msgspec.structs import replace
from onnx import TensorProto, helper

if TYPE_CHECKING:
    from collections.abc import Sequence

    import lightgbm
    import xgboost

_OPSET, _ML_OPSET, _IR_VERSION = 17, 3, 8
_FLOAT32_BITS = 24
_NODE_COLUMNS = (
    "nodes_treeids",
    "nodes_nodeids",
    "nodes_featureids",
    "nodes_values",
    "nodes_modes",
    "nodes_truenodeids",
    "nodes_falsenodeids",
    "nodes_missing_value_tracks_true",
)
_LEAF_COLUMNS = ("target_treeids", "target_nodeids", "target_ids", "target_weights")
_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)


class Node(msgspec.Struct, frozen=True):
    """A split, or (``feature`` < 0) a leaf of weight ``value``; branches are places in the tree."""

    feature: int
    value: float
    yes: int
    no: int
    missing_goes_yes: bool


class Forest(msgspec.Struct, frozen=True):
    """Trees, the class 0, 1 or 2 each adds to, and what each class starts from."""

    trees: list[list[Node]]
    classes: list[int]
    base: list[float]


def from_xgboost(booster: xgboost.Booster) -> Forest:
    """The trees of a three-class XGBoost model."""
    learner = json.loads(booster.save_raw("json"))["learner"]
    model = learner["gradient_booster"]["model"]
    start = np.broadcast_to(json.loads(learner["learner_model_param"]["base_score"]), 3)
    return Forest(
        trees=[_xgboost_tree(tree) for tree in model["trees"]],
        classes=list(model["tree_info"]),
        base=[float(value) for value in start],
    )


def from_lightgbm(booster: lightgbm.Booster) -> Forest:
    """The trees of a three-class LightGBM model."""
    trees = [_lightgbm_tree(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    return Forest(trees=trees, classes=[i % 3 for i in range(len(trees))], base=[0.0] * 3)


def to_onnx(forests: Sequence[Forest], features: int) -> bytes:
    """One ONNX graph: float32 (n, features) to float32 margins (n, 3 per forest).

    Leaves are rounded so that float32 adds them without error: the order in which ONNX Runtime
    adds trees depends on rows, threads and version, and must not show.
    """
    rounded = [_rounded(forest) for forest in forests]
    attributes: dict[str, Any] = _attributes(rounded)
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["margins"],
        name="forests",
        domain="ai.onnx.ml",
        n_targets=3 * len(forests),
        base_values=[value for forest in rounded for value in forest.base],
        post_transform="NONE",
        aggregate_function="SUM",
        **attributes,
    )
    graph = helper.make_graph(
        [node],
        "sabiscore_trees",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, features])],
        [helper.make_tensor_value_info("margins", TensorProto.FLOAT, [None, 3 * len(forests)])],
    )
    model = helper.make_model(
        graph,
        producer_name="sabiscore",
        ir_version=_IR_VERSION,
        opset_imports=[
            helper.make_opsetid("", _OPSET),
            helper.make_opsetid("ai.onnx.ml", _ML_OPSET),
        ],
    )
    serialized: bytes = model.SerializeToString(deterministic=True)
    return serialized


def _rounded(forest: Forest) -> Forest:
    """The forest with leaves and bases in multiples of a power of two that sums stay exact in."""
    sums = np.abs(forest.base)
    for tree, outcome in zip(forest.trees, forest.classes, strict=True):
        sums[outcome] += max(abs(node.value) for node in tree if node.feature < 0)
    grain = 2.0 ** (np.ceil(np.log2(max(sums.max(), 1e-6))) - _FLOAT32_BITS)

    def near(value: float) -> float:
        return float(np.round(value / grain) * grain)

    trees = [
        [node if node.feature >= 0 else replace(node, value=near(node.value)) for node in tree]
        for tree in forest.trees
    ]
    return Forest(trees, forest.classes, [near(value) for value in forest.base])


def _xgboost_tree(tree: dict[str, Any]) -> list[Node]:
    nodes = []
    for place, yes in enumerate(tree["left_children"]):
        value = np.float32(tree["split_conditions"][place])
        if yes < 0:
            nodes.append(Node(-1, float(value), 0, 0, missing_goes_yes=False))
            continue
        below = float(np.nextafter(value, np.float32(-np.inf)))
        nodes.append(
            Node(
                tree["split_indices"][place],
                below,
                yes,
                tree["right_children"][place],
                missing_goes_yes=bool(tree["default_left"][place]),
            )
        )
    return nodes


def _lightgbm_tree(structure: dict[str, Any]) -> list[Node]:
    nodes: list[Node | None] = []

    def add(part: dict[str, Any]) -> int:
        place = len(nodes)
        nodes.append(None)
        if "leaf_value" in part:
            leaf = float(np.float32(part["leaf_value"]))
            nodes[place] = Node(-1, leaf, 0, 0, missing_goes_yes=False)
            return place
        value = _float32_not_above(part["threshold"])
        # Where training saw no missing value, LightGBM reads one as zero.
        missing = part["default_left"] if part["missing_type"] == "NaN" else value >= 0
        yes, no = add(part["left_child"]), add(part["right_child"])
        nodes[place] = Node(part["split_feature"], value, yes, no, missing_goes_yes=bool(missing))
        return place

    add(structure)
    return [node for node in nodes if node is not None]


def _float32_not_above(value: float) -> float:
    """The largest float32 ≤ value: for a float32 x, x ≤ value means the same with either."""
    near = np.float32(np.clip(value, -_LARGEST_FLOAT32, _LARGEST_FLOAT32))
    return float(np.nextafter(near, np.float32(-np.inf)) if float(near) > value else near)


def _attributes(forests: Sequence[Forest]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [] for name in (*_NODE_COLUMNS, *_LEAF_COLUMNS)}
    tree_id = 0
    for offset, forest in enumerate(forests):
        for tree, outcome in zip(forest.trees, forest.classes, strict=True):
            _add_tree(columns, tree_id, tree, 3 * offset + outcome)
            tree_id += 1
    return columns


def _add_tree(columns: dict[str, list[Any]], tree_id: int, tree: list[Node], target: int) -> None:
    for place, node in enumerate(tree):
        leaf = node.feature < 0
        columns["nodes_treeids"].append(tree_id)
        columns["nodes_nodeids"].append(place)
        columns["nodes_featureids"].append(max(node.feature, 0))
        columns["nodes_values"].append(0.0 if leaf else node.value)
        columns["nodes_modes"].append("LEAF" if leaf else "BRANCH_LEQ")
        columns["nodes_truenodeids"].append(node.yes)
        columns["nodes_falsenodeids"].append(node.no)
        columns["nodes_missing_value_tracks_true"].append(int(node.missing_goes_yes))
        if leaf:
            columns["target_treeids"].append(tree_id)
            columns["target_nodeids"].append(place)
            columns["target_ids"].append(target)
            columns["target_weights"].append(node.value)
