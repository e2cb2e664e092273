"""Which rows come together: samplers by name, class or function, and the loaders over them."""

from collections.abc import Callable
from typing import Any

import torch
from datasets import DatasetDict, IterableDataset
from torch.utils.data import ConcatDataset, DataLoader

from .collator import LABEL_COLUMNS
from .errors import TrainingError
from .multi_dataset import MultiDatasetBatchSamplers, ProportionalBatchSampler, RoundRobinBatchSampler
from .samplers import (
    BatchSamplers,
    DefaultBatchSampler,
    GroupByLabelBatchSampler,
    NoDuplicatesBatchSampler,
    TokenLengthBatchSampler,
)

_SAMPLERS: dict[BatchSamplers, tuple[Callable[..., Any], dict[str, Any]]] = {
    BatchSamplers.BATCH_SAMPLER: (DefaultBatchSampler, {}),
    BatchSamplers.NO_DUPLICATES: (NoDuplicatesBatchSampler, {}),
    BatchSamplers.NO_DUPLICATES_HASHED: (NoDuplicatesBatchSampler, {"precompute_hashes": True}),
    BatchSamplers.GROUP_BY_LABEL: (GroupByLabelBatchSampler, {}),
    BatchSamplers.TOKEN_LENGTH: (TokenLengthBatchSampler, {}),
}
_TURNS: dict[MultiDatasetBatchSamplers, Callable[..., Any]] = {
    MultiDatasetBatchSamplers.ROUND_ROBIN: RoundRobinBatchSampler,
    MultiDatasetBatchSamplers.PROPORTIONAL: ProportionalBatchSampler,
}


def row_sampler(trainer: Any, dataset: Any, settings: dict[str, Any]) -> Any:
    """The sampler over one dataset that the arguments name, or one made by their class or function."""
    if isinstance(dataset, IterableDataset):
        return None
    build: Any = trainer.args.batch_sampler
    extra: dict[str, Any] = {}
    if isinstance(build, BatchSamplers):
        build, extra = _SAMPLERS[build]
    if build is TokenLengthBatchSampler:
        extra = {"count_tokens": _token_counter(trainer), "joins_columns": trainer.task.joins_columns}
    return build(dataset, **settings, **extra)


def dataset_sampler(args: Any, dataset: Any, settings: dict[str, Any]) -> Any:
    """The sampler over several datasets that the arguments name."""
    build = args.multi_dataset_batch_sampler
    if isinstance(build, MultiDatasetBatchSamplers):
        build = _TURNS[build]
    return build(dataset, **settings)


def _token_counter(trainer: Any) -> Callable[[list[str]], list[int]]:
    tokenizer, limit = trainer.processing_class, trainer.model.get_max_seq_length()

    def count(texts: list[str]) -> list[int]:
        return [len(ids) for ids in tokenizer(texts, truncation=limit is not None, max_length=limit)["input_ids"]]

    return count


def loader(trainer: Any, data: Any, batch_size: int, *, is_training: bool) -> DataLoader[Any]:
    """Batches of one dataset or several, prepared for the devices. Raises TrainingError for what is no dataset."""
    args = trainer.args
    options: dict[str, Any] = {
        "collate_fn": trainer.data_collator,
        "num_workers": args.dataloader_num_workers,
        "pin_memory": args.dataloader_pin_memory and torch.cuda.is_available(),
        "persistent_workers": args.dataloader_persistent_workers,
        "prefetch_factor": args.dataloader_prefetch_factor,
    }
    if isinstance(data, IterableDataset):
        options |= {"batch_size": batch_size, "drop_last": args.dataloader_drop_last}
    elif isinstance(data, DatasetDict) or hasattr(data, "column_names"):
        data, options["batch_sampler"] = _sampled(trainer, data, batch_size)
    else:
        raise TrainingError(f"the data is a {type(data).__name__}; give a datasets.Dataset, or a dict of them")
    # In training a batch that is filled up with other rows would mix datasets; in evaluation, processes that have
    # different numbers of batches wait for each other for ever.
    trainer.accelerator.even_batches = not is_training
    prepared: DataLoader[Any] = trainer.accelerator.prepare(DataLoader(data, **options))
    return prepared


def _sampled(trainer: Any, data: Any, batch_size: int) -> tuple[Any, Any]:
    args = trainer.args
    generator = torch.Generator()
    generator.manual_seed(args.seed)
    labels = list(getattr(trainer.data_collator, "valid_label_columns", LABEL_COLUMNS))

    # Without a seed, as in Sentence Transformers: a sampler that seeds the generator anew in every epoch starts from 0
    # there whatever `args.seed` is, and the same run has to see the same batches.
    def sampler(part: Any) -> Any:
        return trainer.get_batch_sampler(
            part, batch_size, args.dataloader_drop_last, valid_label_columns=labels, generator=generator
        )

    if not isinstance(data, DatasetDict):
        return data, sampler(data)
    samplers = [sampler(part) for part in data.values()]
    named = trainer.preprocess_dataset(data, prompts=args.prompts, router_mapping=args.router_mapping)
    rows: ConcatDataset[Any] = ConcatDataset(list(named.values()))
    return rows, trainer.get_multi_dataset_batch_sampler(rows, samplers, generator=generator, seed=args.seed)
