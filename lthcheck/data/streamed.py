"""A data set that does not fit on a device: its pictures are decoded while the device computes.

Threads decode with Pillow, which lets go of the interpreter's lock meanwhile, and resize with torch: 2.1 to 3.0 ms of
an AMD EPYC a picture of 400x500, with torchvision.io instead, which is deprecated, 2.2 to 2.7, and 3.0 to 3.7 with
Pillow alone (medians of four runs, n = 1 to 5, on a machine in use). Why neither DALI, webdataset, FFCV nor nvJPEG, and
what is not measured: reports/examples/loader.md.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lthcheck.cores import cores
from lthcheck.data import picture
from lthcheck.data.moments import Moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PIL.Image import Image

    from lthcheck.data.index import Index, Part

MOST_AHEAD = 8  # batches that are decoded and not yet asked for
MOST_BYTES = 2**31  # of them; a batch of 1 024 pictures is 154 MB
MOST_USED = 4  # batches that stay after they were asked for: the next replica of a seed asks for the same
AUGMENTATIONS = ("none", "resized-crop-flip")

_Key = tuple[int, int, bytes]


class Streamed:
    """See `lthcheck.data.samples.Samples`.

    A sample's bits depend on (seed, epoch, sample) alone: each is made by one thread, from its own draws, whatever
    the number of threads and whatever was announced. A file that is gone or changed raises OSError.

    Attributes:
        y_test: int64 of shape (n,), on the device.
    """

    def __init__(
        self,
        index: Index,
        device: torch.device | str,
        dtype: torch.dtype = torch.float32,
        *,
        augmentation: str = "none",
        workers: int | None = None,
    ) -> None:
        """Opens no picture yet.

        Args:
            augmentation: of the training pictures, one of `AUGMENTATIONS`.
            workers: threads that decode; default: on the CPU one, beside the one that trains, else one a core.
        """
        if augmentation not in AUGMENTATIONS:
            rule = f"must be one of {', '.join(AUGMENTATIONS)} for pictures of many sizes"
            raise ValueError(f"augmentation={augmentation!r} {rule}; take resized-crop-flip")
        self.index, self.device, self.dtype, self.shape = index, torch.device(device), dtype, index.shape
        self.augmentation = augmentation
        self.y_train, self.y_test = (
            torch.from_numpy(part.labels.copy()).to(self.device) for part in (index.train, index.test)
        )
        self._moments = Moments.of(index.mean, index.std, self.device, dtype)
        self.workers = workers or (
            1 if self.device.type == "cpu" else max(1, cores() // max(1, torch.cuda.device_count()))
        )
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="lthcheck-decode")
        self._asked = 0  # batches, so far
        self._ahead: dict[_Key, _Batch] = {}
        self._used: dict[_Key, _Batch] = {}

    def train_batch(self, index: Tensor, *, seed: int, epoch: int) -> tuple[Tensor, Tensor]:
        """See `Samples.train_batch`."""
        return self._sent(self.host_batch(index, seed=seed, epoch=epoch)), self.y_train[index]

    def host_batch(self, index: Tensor, *, seed: int, epoch: int) -> Tensor:
        """The pictures of `train_batch` before they are normalised: uint8 of shape (batch, *shape) on the host."""
        key = _key(index, seed, epoch)
        batch = self._used.pop(key, None) or self._ahead.pop(key, None) or self._begun(index, seed, epoch)
        self._asked += 1
        self._used[key] = batch
        if len(self._used) > MOST_USED:
            self._used.pop(next(iter(self._used)))
        return batch.whole()

    def plain_batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """See `Samples.plain_batch`."""
        x = self._sent(self._plain(self.index.train, index.flatten().tolist()).whole())
        return x.view(*index.shape, *self.shape), self.y_train[index]

    def ahead(self, index: Tensor, *, seed: int, epoch: int) -> None:
        """See `Samples.ahead`; at most `MOST_AHEAD` batches are held, and what is announced beyond them is not read."""
        key = _key(index, seed, epoch)
        if key in self._ahead or key in self._used:
            return
        most = max(2, min(MOST_AHEAD, MOST_BYTES // max(1, index.numel() * self.index.pixels)))
        if len(self._ahead) >= most:
            # Those that were not among the batches asked for since were passed over, as when another replica goes on.
            for passed in [k for k, batch in self._ahead.items() if self._asked - batch.announced > most]:
                self._ahead.pop(passed).cancel()
        if len(self._ahead) < most:
            self._ahead[key] = self._begun(index, seed, epoch)

    def brief(self, count: int) -> Streamed:
        """The same with the first `count` test samples only."""
        index = replace(self.index, test=self.index.test.first(count))
        return Streamed(index, self.device, self.dtype, augmentation=self.augmentation, workers=self.workers)

    def test_batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """See `Samples.test_batches`; one batch is decoded while the one before it is used."""
        ahead: deque[tuple[int, _Batch]] = deque()
        try:
            for begin in range(0, len(self.y_test), size):
                rows = range(begin, min(begin + size, len(self.y_test)))
                ahead.append((begin, self._plain(self.index.test, rows)))
                if len(ahead) > 1:
                    yield self._tested(*ahead.popleft())
            while ahead:
                yield self._tested(*ahead.popleft())
        finally:
            for _, batch in ahead:
                batch.cancel()

    def digest_of_test(self) -> str:
        """sha256 of the test split's labels on the device, and of its files' names, sizes and times of change.

        Not of their contents, which would take as long as to decode them twice for every run.
        """
        digest = hashlib.sha256(self.y_test.cpu().numpy().tobytes())
        for path in self.index.test.paths():
            try:
                status = os.stat(path)
                digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode(errors="surrogateescape"))
            except OSError:
                digest.update(f"{path}\0gone\n".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def _tested(self, begin: int, batch: _Batch) -> tuple[Tensor, Tensor]:
        x = self._sent(batch.whole())
        return x, self.y_test[begin : begin + len(x)]

    def _begun(self, index: Tensor, seed: int, epoch: int) -> _Batch:
        rows = index.tolist()
        if self.augmentation == "none":
            return self._plain(self.index.train, rows)
        chances = picture.chances(index, seed=seed, epoch=epoch)
        side = self.shape[-1]
        return self._batch(
            self.index.train,
            rows,
            [partial(picture.resized_crop_flip, side=side, chances=of_sample) for of_sample in chances],
        )

    def _plain(self, part: Part, rows: Sequence[int]) -> _Batch:
        return self._batch(part, rows, [partial(picture.central, side=self.shape[-1])] * len(rows))

    def _batch(self, part: Part, rows: Sequence[int], views: Sequence[Callable[[Image], Tensor]]) -> _Batch:
        images = torch.empty(len(rows), *self.shape, dtype=torch.uint8, pin_memory=self.device.type == "cuda")

        def decode(place: int) -> None:
            path, size = part.file(rows[place])
            images[place] = views[place](picture.read(path, size))

        return _Batch(images, [self._pool.submit(decode, place) for place in range(len(rows))], self._asked)

    def _sent(self, images: Tensor) -> Tensor:
        return self._moments.normalised(images.to(self.device, non_blocking=True))


class _Batch:
    """Pictures that are being decoded: uint8 of shape (batch, channel, height, width) on the host."""

    def __init__(self, images: Tensor, futures: list[Future[None]], announced: int) -> None:
        self.images, self.futures, self.announced = images, futures, announced

    def whole(self) -> Tensor:
        """The pictures, once all are there."""
        for future in self.futures:
            future.result()
        return self.images

    def cancel(self) -> None:
        """Leaves what is not yet decoded."""
        for future in self.futures:
            future.cancel()


def _key(index: Tensor, seed: int, epoch: int) -> _Key:
    return seed, epoch, index.cpu().numpy().tobytes()
