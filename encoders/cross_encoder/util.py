"""The keywords of old that a CrossEncoder still accepts."""

from ..renames import keywords

cross_encoder_init_args_decorator = keywords(
    old={
        "model_name": "model_name_or_path",
        "automodel_args": "model_kwargs",
        "tokenizer_args": "tokenizer_kwargs",
        "config_args": "config_kwargs",
        "cache_dir": "cache_folder",
        "default_activation_function": "activation_fn",
    },
    newer={"processor_kwargs": "tokenizer_kwargs"},
    nested={"classifier_dropout": "config_kwargs"},
)
cross_encoder_predict_rank_args_decorator = keywords(old={"activation_fct": "activation_fn", "num_workers": None})
