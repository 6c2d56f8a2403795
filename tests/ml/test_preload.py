"""The zygote may fork after `preload` and not after TensorFlow's first operation. Each case runs in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from ml.preload import versions


def run(script: str) -> Any:
    """Run `script` in a fresh interpreter and return what it printed as JSON."""
    quiet = {
        "OPENBLAS_NUM_THREADS": "1",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    environment = os.environ | quiet
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=100, env=environment
    )
    return json.loads(done.stdout)


def test_importing_the_module_imports_no_tensorflow_and_no_numpy():
    loaded = run("import json, sys, ml.preload as p; print(json.dumps([p.context_initialised(), *sys.modules]))")
    assert loaded[0] is False
    assert not {"tensorflow", "keras", "numpy", "sklearn"} & set(loaded)


JOB = """
import json, os, pathlib, shutil, sys, tempfile
from ml import preload
preload.preload()
before = set(sys.modules)
facts = {"safe": not preload.context_initialised(), "threads": len(os.listdir("/proc/self/task"))}
from ml.report import MemoryReport
from ml.run import RunSettings, run
from trainshed.specs import parse_spec
spec = {"kind": "train", "name": "t", "data": {"dataset": "builtin/digits"}, "model": {"family": "image_classifier"},
        "preprocess": [{"step": "resize", "height": 18, "width": 18}, {"step": "random_flip"}],
        "training": {"epochs": 1, "batch_size": 512}}
check = {"kind": "evaluate", "name": "e", "model": {"job": "job_" + "0" * 26}}
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    settings = RunSettings(threads=1, data_roots=())
    run(parse_spec(spec), folder, MemoryReport(), settings=settings)
    shutil.copytree(folder / "output", folder / "inputs")
    run(parse_spec(check), folder, MemoryReport(), settings=settings)
facts["lazy"] = [name for name in set(sys.modules) - before if not name.startswith("__autograph")]
facts["initialised"] = preload.context_initialised()
print(json.dumps(facts))
"""


def test_preload_starts_nothing_and_a_job_then_imports_nothing_more():
    facts = run(JOB)
    assert facts["safe"]
    assert facts["threads"] == 1
    assert facts["lazy"] == []
    assert facts["initialised"], "the guard must fire once an operation has run"


def test_versions_name_all_that_a_result_depends_on():
    assert list(versions()) == ["python", "tensorflow", "keras", "numpy", "scikit-learn"]
    assert all(version[0].isdigit() for version in versions().values())
