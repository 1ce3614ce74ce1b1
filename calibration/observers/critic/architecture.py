"""Build the critic LMM: a standard LlavaForConditionalGeneration with its processor, small enough to ship.

Nothing here is remote code: what is saved loads through AutoProcessor and AutoModelForImageTextToText. Its
tower is convolutional: quality shows in texture, which convolutions learn from a thousand photographs.
"""

from collections.abc import Sequence
from typing import Any  # transformers has no types

import torch
from torch import Tensor
from transformers import (
    DPTConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    TextNetConfig,
)
from transformers.models.textnet.modeling_textnet import TextNetRepConvLayer

from calibration.observers.critic.views import SIDE, VIEWS
from calibration.observers.embedded.architecture import build_squeezer, build_tokenizer

STEP = 64  # pixels of a view that make one token: a ninth of it
GRID = SIDE // STEP
VIEW_TOKENS = GRID * GRID
WIDTHS = (56, 88, 152, 280, 280)  # channels of the tower's stem and stages
VISION_WIDTH = WIDTHS[-1]
TEXT_WIDTH = 160
FIRST, SECOND = "First:", "Second:"  # before the views of each of two pictures

# All pictures first, then the text. Two pictures of equally many views are told apart by words before them.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}User: {% elif message['role'] == 'assistant' %}Assistant: {% endif %}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% set views = message['content'] | selectattr('type', 'equalto', 'image') | list | length %}"
    f"{{% set half = {{2: 1, {2 * VIEWS}: {VIEWS}}}.get(views, 0) %}}"
    "{% for _ in range(views) %}"
    f"{{% if half and loop.index0 == 0 %}}{FIRST}{{% endif %}}"
    f"{{% if half and loop.index0 == half %}}{SECOND}{{% endif %}}"
    "<image>{% endfor %}"
    "{% for part in message['content'] if part['type'] == 'text' %}{{ ' ' + part['text'] }}{% endfor %}"
    "{% endif %}{{ ' ' }}{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)


def build_processor(texts: Sequence[str]) -> LlavaProcessor:
    """Make the processor, whose tokenizer knows every word of `texts`; views pass it at their size."""
    return LlavaProcessor(
        image_processor=build_squeezer(SIDE),
        tokenizer=build_tokenizer([*texts, f"User: Assistant: {FIRST} {SECOND}"]),
        patch_size=STEP,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        image_token="<image>",
        chat_template=CHAT_TEMPLATE,
    )


def build_tower_config() -> DPTConfig:
    """Describe the tower: convolutions to a sixteenth, their means over ninths, and no more attention.

    DPT's hybrid is the architecture by which transformers makes tokens of any convolutional backbone.
    """
    backbone = TextNetConfig(
        stem_kernel_size=7,
        stem_stride=4,
        stem_out_channels=WIDTHS[0],
        hidden_sizes=list(WIDTHS),
        conv_layer_kernel_sizes=[[[3, 3]], [[3, 3], [3, 3]], [[3, 3], [3, 3]], [[1, 1], [4, 4]]],
        conv_layer_strides=[[2], [1, 2], [1, 1], [1, 4]],
        image_size=[SIDE, SIDE],
        out_features=["stage2", "stage3", "stage4"],
    )
    return DPTConfig(
        is_hybrid=True,
        backbone_config=backbone,
        backbone_featmap_shape=[1, VISION_WIDTH, GRID, GRID],
        image_size=SIDE,
        patch_size=STEP,
        hidden_size=VISION_WIDTH,
        num_hidden_layers=1,
        num_attention_heads=8,
        intermediate_size=64,
    )


def quickened(tower: Any) -> Any:
    """Take branches of a tower away that add nothing: it sees the same in half the time."""
    for layer in tower.modules():
        if not isinstance(layer, TextNetRepConvLayer):
            continue
        for name in ("vertical", "horizontal"):
            convolution, norm = getattr(layer, f"{name}_conv"), getattr(layer, f"{name}_batch_norm")
            if convolution is not None and not convolution.weight.any() and not _offset(norm).any():
                setattr(layer, f"{name}_conv", None)
        identity = layer.rbr_identity
        if identity is not None and not identity.weight.any() and not identity.bias.any():
            layer.rbr_identity = None
    return tower.to(memory_format=torch.channels_last)


def _offset(norm: Any) -> Tensor:
    """Return what a batch norm makes of zeros."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    offset: Tensor = norm.bias - norm.running_mean * scale
    return offset


def build_model(
    tokenizer: PreTrainedTokenizerFast, *, text_layers: int = 3, seed: int = 0
) -> LlavaForConditionalGeneration:
    """Make an untrained model."""
    torch.manual_seed(seed)
    text = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=2 * TEXT_WIDTH,
        num_hidden_layers=text_layers,
        num_attention_heads=5,
        num_key_value_heads=5,
        max_position_embeddings=2048,
        rms_norm_eps=1e-6,
        initializer_range=0.05,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6},
        tie_word_embeddings=False,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return LlavaForConditionalGeneration(
        LlavaConfig(
            vision_config=build_tower_config(),
            text_config=text,
            image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
            vision_feature_layer=-1,
            vision_feature_select_strategy="default",
            projector_hidden_act="gelu",
            multimodal_projector_bias=True,
            image_seq_length=VIEW_TOKENS,
            tie_word_embeddings=False,
        )
    )
