"""Per-scene optimisation: schedules, stages, reproducibility, history. No data needed."""

import math
import time
from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

import mossfuse.fitting.stages as fit_module
from mossfuse.benchmark.results.curve import STEP_COLUMNS, score_iterates
from mossfuse.devices import mixed, seeded
from mossfuse.errors import MossFuseError
from mossfuse.files import write_cube
from mossfuse.fitting.records import History
from mossfuse.fitting.stages import GRAPHS, Stage, constant_then_linear, fit, multistep, one_cycle, run_stage
from mossfuse.metrics.catalogue import metrics_of


def parabola(steps=200, **options):
    """A parameter, and the stage that takes it to 3."""
    value = torch.nn.Parameter(torch.zeros(4))
    options = {"lr": 0.1, "schedule": constant_then_linear(steps // 2, steps - steps // 2), **options}
    return value, Stage("parabola", [value], lambda step: (value - 3).square().mean(), **options)


def test_constant_then_linear_stays_and_then_ends_one_step_above_zero():
    schedule = constant_then_linear(3, 4)
    assert [schedule.factor(step) for step in range(schedule.steps)] == pytest.approx([1, 1, 1, 0.8, 0.6, 0.4, 0.2])


def test_one_cycle_starts_low_peaks_after_three_tenths_and_ends_near_zero():
    schedule = one_cycle(100)
    factors = [schedule.factor(step) for step in range(100)]
    assert factors[0] == pytest.approx(1 / 25)
    assert np.argmax(factors) == 29 and factors[29] == pytest.approx(1)
    assert factors[-1] == pytest.approx(4e-6)
    assert max(factors) <= 1 + 1e-12 and min(factors) > 0


def test_one_cycle_is_torchs():
    steps = 50
    optimiser = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=1.0, total_steps=steps)
    schedule = one_cycle(steps)
    for step in range(steps):
        assert schedule.factor(step) == pytest.approx(optimiser.param_groups[0]["lr"], abs=1e-9)
        optimiser.step()
        if step < steps - 1:
            reference.step()


def test_multistep_halves_at_its_milestones():
    assert [multistep(6, (2, 4)).factor(step) for step in range(6)] == [1, 1, 0.5, 0.5, 0.25, 0.25]


def test_a_stage_reaches_the_minimum():
    value, stage = parabola()
    fitted = fit([stage], seed=0)
    assert value.detach().numpy() == pytest.approx(3, abs=1e-2)
    assert fitted.steps == 200


def test_the_last_iterate_is_kept_even_where_an_earlier_one_was_better():
    value = torch.nn.Parameter(torch.zeros(1))
    targets = [1.0] * 150 + [-1.0] * 20
    fit([Stage("moved", [value], lambda step: (value - targets[step]).abs().sum(), 0.05, multistep(170))], seed=0)
    assert value.item() < 0.5


def test_projection_holds_after_every_step():
    value, stage = parabola()
    fit([replace(stage, project=lambda: value.clamp_(max=1.5))], seed=0)
    assert value.detach().numpy() == pytest.approx(1.5)


def test_average_replaces_the_last_iterate():
    value, stage = parabola(steps=20, schedule=multistep(20))
    other, averaged = parabola(steps=20, schedule=multistep(20), average=0.9)
    fit([stage], seed=0)
    fit([averaged], seed=0)
    assert (other < value).all() and (other > 0).all()


def test_a_generator_makes_each_stage_from_what_the_one_before_found():
    value, first = parabola()
    seen = []

    def stages():
        yield first
        seen.append(value.detach().clone())
        yield parabola()[1]

    fitted = fit(stages(), seed=0)
    assert seen[0].numpy() == pytest.approx(3, abs=1e-2)
    assert fitted.steps == 400


def test_parameter_groups_keep_their_own_step_size():
    fast, slow = torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(1))
    groups = [{"params": [fast]}, {"params": [slow], "lr": 1e-4}]
    fit(
        [Stage("groups", groups, lambda step: (fast - 3).abs().sum() + (slow - 3).abs().sum(), 0.1, multistep(5))],
        seed=0,
    )
    assert fast.item() == pytest.approx(0.5, rel=0.01)
    assert slow.item() == pytest.approx(5e-4, rel=0.01)


def noisy(seed):
    value = torch.nn.Parameter(torch.zeros(3))
    fit([Stage("noisy", [value], lambda step: (value - torch.randn(3)).square().mean(), 0.1, multistep(30))], seed=seed)
    return value.detach().numpy().tobytes()


def test_same_seed_gives_the_same_bytes_and_another_seed_others():
    assert noisy(1) == noisy(1)
    assert noisy(1) != noisy(2)


def test_torchs_random_state_is_left_as_it_was():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    noisy(1)
    with seeded(9):
        torch.rand(7)
    assert (torch.rand(3) == expected).all()


def test_history_has_columns_of_equal_length_and_names_the_stage():
    value, stage = parabola(steps=70)
    other = replace(stage, name="terms", loss=lambda step: {"a": value.abs().sum(), "b": value.square().sum()})
    history = fit([stage, other], seed=0, log_every=50).history
    assert {len(column) for column in history.values()} == {4}
    assert history["stage"] == ["parabola", "parabola", "terms", "terms"]
    assert history["step"] == [50, 70, 120, 140]
    assert math.isnan(history["a"][0]) and history["loss"][3] == pytest.approx(history["a"][3] + history["b"][3])


def test_a_loss_that_is_no_longer_finite_is_refused_in_one_sentence():
    value, stage = parabola()
    with pytest.raises(MossFuseError, match="'parabola' is no longer finite"):
        fit([replace(stage, loss=lambda step: (value * math.inf).sum())], seed=0)


def test_a_time_limit_ends_a_stage_with_a_small_step_size(monkeypatch):
    """The clock advances by a millisecond whenever it is read, so that a busy machine does not matter."""
    ticks = count()
    clock = SimpleNamespace(perf_counter=lambda: 1e-3 * next(ticks), process_time=time.process_time)
    monkeypatch.setattr(fit_module, "time", clock)
    value = torch.nn.Parameter(torch.zeros(1))
    schedule = constant_then_linear(10**6, 10**6)
    stage = Stage("long", [value], lambda step: value.square().sum(), 0.1, schedule, time_limit_s=0.3)
    fitted = fit([stage], seed=0, log_every=1)
    assert 0 < fitted.steps < 10**6
    assert fitted.history["lr"][-1] < 0.02


def test_iterates_are_saved_where_they_are_asked_for(tmp_path):
    value, stage = parabola(steps=10)
    cube = lambda: value.detach().numpy().reshape(2, 2, 1)  # noqa: E731
    fit([replace(stage, output=cube)], seed=0, iterates={"folder": str(tmp_path), "every": 4})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["index.csv", *(f"parabola-{n:06d}.npy" for n in (4, 8, 10))]
    assert (np.load(tmp_path / "parabola-000010.npy") == cube()).all()


def test_index_of_iterates_counts_steps_over_all_stages_and_time_without_saving(tmp_path):
    value, stage = parabola(steps=10)
    slow = lambda: (time.sleep(0.2), value.detach().numpy().reshape(2, 2, 1))[1]  # noqa: E731
    stages = [stage, replace(stage, name="second", output=slow)]
    fitted = fit(stages, seed=0, iterates={"folder": str(tmp_path), "every": 4})
    index = pd.read_csv(tmp_path / "index.csv")
    assert list(index["file"]) == [f"second-{n:06d}.npy" for n in (4, 8, 10)]
    assert list(index["step"]) == [14, 18, 20] and set(index["stage"]) == {"second"}
    assert index["seconds"].is_monotonic_increasing and index["seconds"].iloc[-1] < fitted.seconds - 0.3


@pytest.mark.parametrize("convention", ["std1", "pansharpening", "denoising"])
def test_curve_leaves_out_what_is_not_finite_and_what_a_convention_has_not(tmp_path, convention):
    truth = np.random.default_rng(0).random((32, 32, 5)).astype(np.float32)
    write_cube(tmp_path / "truth.mat", truth)
    np.save(tmp_path / "a.npy", truth * 0.9)
    np.save(tmp_path / "b.npy", truth * np.nan)
    (tmp_path / "index.csv").write_text(
        "stage,step,seconds,cpu_seconds,file\nfit,1,1,1,a.npy\nfit,2,2,2,b.npy\n", encoding="utf-8"
    )
    score_iterates(
        iterates=tmp_path, truth=tmp_path / "truth.mat", ratio=8, convention=convention, output=tmp_path / "c.csv"
    )
    curve = pd.read_csv(tmp_path / "c.csv")
    quality = curve.columns.difference(STEP_COLUMNS)
    assert list(curve["step"]) == [1] and curve[quality].notna().all(axis=None)
    assert len(quality) and set(quality) <= set(metrics_of(convention))


def test_last_iterate_of_a_stage_that_the_clock_ends_is_saved(tmp_path):
    value, stage = parabola(steps=10**6)
    stage = replace(stage, output=lambda: value.detach().numpy().reshape(2, 2, 1), time_limit_s=0.3)
    fitted = fit([stage], seed=0, iterates={"folder": str(tmp_path), "every": 10**5})
    assert list(pd.read_csv(tmp_path / "index.csv")["step"])[-1] == fitted.steps < 10**6


@pytest.mark.parametrize(
    ("change", "match"), [({"steps": 0}, "has 0 steps"), ({"limit": 0}, "limit .* is 0"), ({"limit": "soon"}, "'soon'")]
)
def test_stage_without_length_is_refused(change, match):
    _, stage = parabola(steps=change.get("steps", 5))
    with pytest.raises(MossFuseError, match=match):
        fit([replace(stage, time_limit_s=change.get("limit"))], seed=0)


def test_a_term_that_not_every_step_has_is_averaged_over_those_that_had_it():
    log = History(4)
    for step in range(4):
        terms = {"loss": torch.tensor(1.0 + step)} | ({"rare": torch.tensor(8.0)} if step == 2 else {})
        log.add("one", 0.1, terms, last=False)
    assert log.columns()["rare"] == [8.0] and log.columns()["loss"] == [2.5]


def test_graphs_change_nothing_on_a_cpu():
    plain, graphs = (parabola(steps=30), parabola(steps=30))
    fit([plain[1]], seed=0)
    fit([replace(graphs[1], capturable=True)], seed=0)
    assert torch.equal(plain[0], graphs[0])


def test_step_sizes_kept_in_tensors_for_a_recorded_step_lead_to_the_same_end(monkeypatch):
    """What a recorded stage does apart from the recording itself, which needs a GPU."""
    monkeypatch.setattr(fit_module, "record_graph", lambda advance, optimiser: advance)
    (plain, usual), (other, recorded) = parabola(average=0.5), parabola(average=0.5)
    run_stage(usual, History(50))
    run_stage(recorded, History(50), capture=True)
    assert other.detach().numpy() == pytest.approx(plain.detach().numpy(), rel=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_recorded_steps_end_where_usual_steps_end(monkeypatch):
    ends = []
    for graphs in ("0", "1"):
        monkeypatch.setenv(GRAPHS, graphs)
        value = torch.nn.Parameter(torch.zeros(4, device="cuda"))
        loss = lambda step, value=value: (value - 3).square().mean()  # noqa: E731
        stage = Stage("graph", [value], loss, 0.1, constant_then_linear(50, 50), average=0.5, capturable=True)
        history = fit([stage], seed=0, device="cuda").history
        ends.append((value.detach().cpu().numpy(), history["loss"]))
    assert ends[0][0] == pytest.approx(ends[1][0], rel=1e-5)
    assert ends[0][1] == pytest.approx(ends[1][1], rel=1e-4)


def test_mixed_precision_is_a_choice_of_two():
    x = torch.rand(4, 4)
    with mixed("float32", "cpu"):
        assert (x @ x).dtype == torch.float32
    with mixed("bfloat16", "cpu"):
        assert (x @ x).dtype == torch.bfloat16
    with pytest.raises(MossFuseError, match="float32, bfloat16"):
        mixed("float8", "cpu")
