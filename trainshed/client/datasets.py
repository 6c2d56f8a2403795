"""Calls for datasets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from trainshed.client.addresses import API, dataset_path, new_dataset_path, split_ref, version_path
from trainshed.client.calls import Calls
from trainshed.client.download import download, local_path
from trainshed.client.files import look_at
from trainshed.client.pack import packed
from trainshed.client.pages import read_pages
from trainshed.client.transport import Call
from trainshed.client.unfinished import Unfinished
from trainshed.client.upload import Progress, Upload
from trainshed.errors import NotFound
from trainshed.wire import Dataset, DatasetDetails, DatasetPage, DatasetVersion


class DatasetCalls(Calls):
    """Datasets and their versions."""

    _unfinished: Unfinished

    def datasets(self) -> Iterator[Dataset]:
        """Yield the datasets of the project, each with its newest version.

            for dataset in client.datasets():
                print(dataset.name, dataset.latest and dataset.latest.ref)

        They come by name.
        """
        for page in read_pages(self._transport, f"{API}/datasets", DatasetPage):
            yield from page.items

    def dataset(self, name: str) -> DatasetDetails:
        """Return a dataset with all its versions, newest first.

            for version in client.dataset("faces").versions:
                print(version.ref, version.size)

        Raises `NotFound`.
        """
        return self._transport.get(dataset_path(name), DatasetDetails)

    def dataset_version(self, ref: str) -> DatasetVersion:
        """Return a version: `faces@2`, or the newest of `faces`.

            print(client.dataset_version("faces").sha256)

        Its `profile` is what a job found in the file, once that job has succeeded. Raises `NotFound`.
        """
        name, number = split_ref(ref)
        if number is not None:
            return self._transport.get(version_path(name, number), DatasetVersion)
        newest = self.dataset(name).latest
        if newest is None:
            raise NotFound(f"The dataset {name} has no version any more.", remedy="Upload one.")
        return newest

    def upload_dataset(
        self, name: str, file: Path | str, *, profile: bool = True, progress: Progress | None = None
    ) -> DatasetVersion:
        """Make a file or folder the newest version of a dataset, and return it. One that is not there yet is made.

            version = client.upload_dataset("faces", "faces.npz")
            spec = {"kind": "train", "name": "faces", "data": {"dataset": version.ref}}

        A folder becomes a zip of its files, always with the same bytes. A large file goes in parts: an upload that was
        interrupted goes on where it stopped when the same file is uploaded again within a day. Bytes that are the
        newest version already make no new one. A job then looks into the file, unless `profile` is False. `progress`
        is told the bytes that the server has and those of the whole.
        Raises `DigestMismatch` when the file changes meanwhile.
        """
        new_dataset_path(name)  # a large file takes its time to be looked at
        with packed(Path(file)) if Path(file).is_dir() else nullcontext(file) as whole:
            found = look_at(whole)
            return Upload(self._transport, self._unfinished, name, found, profile, progress or _silent).run()

    def download_dataset(self, ref: str, to: Path | str) -> Path:
        """Write a version (`faces@2`; `faces`: the newest) to the file `to`, or below the folder `to`; return the file.

            client.download_dataset("faces@1", "data/")

        It appears whole and with the right SHA-256, or not at all. A broken download goes on where it stopped.
        """
        version, target = self.dataset_version(ref), Path(to)
        if target.is_dir() or str(to).endswith("/"):
            target = local_path(target, version.filename)
        path = f"{version_path(version.dataset, version.version)}/content"
        download(self._transport, path, target, sha256=version.sha256)
        return target

    def delete_dataset(self, ref_or_name: str) -> None:
        """Delete a version (`faces@2`), or all of a dataset (`faces`).

            client.delete_dataset("faces@1")

        Raises `InUse`. It is sent once: after a lost answer a second one could not tell "deleted" from "never was
        there".
        """
        name, number = split_ref(ref_or_name)
        path = dataset_path(name) if number is None else version_path(name, number)
        self._transport.send_once(Call("DELETE", path))


def _silent(done: int, total: int) -> None:
    """Report nothing."""
