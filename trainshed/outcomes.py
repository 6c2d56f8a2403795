"""What each way in which a job does not succeed means, and what to try. `docs/errors.md` shows it as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from trainshed.states import Reason


@dataclass(frozen=True, slots=True)
class Advice:
    """Of one reason: what it means, and what to try, the likeliest first."""

    meaning: str
    remedies: tuple[str, ...]


ADVICE: Final = {
    Reason.USER_ERROR: Advice(
        "The program ended with an error of its own.",
        (
            "Read the last lines of the log: trainshed job logs ID --tail 50.",
            "Correct the program or the spec, and submit again.",
        ),
    ),
    Reason.CRASHED: Advice(
        "The process was ended by a signal that nobody asked for.",
        (
            "Look for a native library that fails (SIGSEGV), or for a machine out of memory (SIGKILL).",
            "If it comes and goes, allow more retries: retry.budget.crashed.",
        ),
    ),
    Reason.INVALID_DATA: Advice(
        "The data are not what the spec says of them.",
        (
            "Compare the spec with what the platform found: trainshed dataset profile NAME.",
            "Correct the data and upload them as a new version, or correct data and preprocess in the spec.",
        ),
    ),
    Reason.OUT_OF_MEMORY: Advice(
        "The job went beyond its memory limit.",
        ("Raise resources.memory.", "Make training.batch_size or the model smaller."),
    ),
    Reason.TIMED_OUT: Advice(
        "An attempt ran longer than timeout.run allows.",
        ("Raise timeout.run, or train for fewer epochs.", "Ask for more resources.cpus."),
    ),
    Reason.STALLED: Advice(
        "Training made no step for much longer than a step usually takes.",
        (
            "Look for what the program waits for: data that do not come, or a lock.",
            "Allow a retry, which goes on from the last checkpoint: retry.budget.stalled.",
        ),
    ),
    Reason.DIVERGED: Advice(
        "The loss became NaN or infinite, or grew without bound.",
        (
            "Lower training.learning_rate, or clip gradients.",
            "Look for values in the data that are not finite, and normalise them in preprocess.",
        ),
    ),
    Reason.WORKER_LOST: Advice(
        "Workers died or lost the database more often than the retries allow.",
        (
            "Look at the workers: trainshed worker list, and their own logs.",
            "If the job itself brings them down, lower resources.memory to what the machine has.",
        ),
    ),
    Reason.SETUP_FAILED: Advice(
        "A worker could not start the job; the job is not to blame.",
        ("It is tried again by itself. If that goes on, run trainshed doctor on the worker.",),
    ),
    Reason.STORAGE_FAILED: Advice(
        "Inputs could not be fetched, or artifacts could not be stored.",
        ("Look at the store: trainshed doctor, and its free space.", "Submit again when the store answers."),
    ),
    Reason.DEPENDENCY_FAILED: Advice(
        "A job that it needs did not succeed.",
        ("Explain that one, and run it again.", "Then clone this job with its depends_on changed."),
    ),
    Reason.QUEUE_TIMEOUT: Advice(
        "It waited in the queue for longer than timeout.queue allows.",
        ("Start more workers of its pool.", "Raise timeout.queue, or its priority."),
    ),
    Reason.CANCELLED_BY_USER: Advice(
        "A user cancelled it.",
        ("To run it again: trainshed job retry ID.",),
    ),
}
