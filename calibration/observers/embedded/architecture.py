"""Build the embedded observer: a standard, small LlavaForConditionalGeneration with its processor.

Nothing here is remote code: what is saved loads through AutoProcessor and AutoModelForImageTextToText. The
initialisation of the first layers is ours (`wire_comparison`): it starts training with the difference of two
pictures, patch by patch, already in the residual stream. Everything stays trainable.
"""

import math
from collections.abc import Sequence

import torch
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
from torch import Tensor, nn
from transformers import (
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

SIDE = 96  # pixels: every picture is squeezed to this square
PATCH = 16
GRID = SIDE // PATCH
IMAGE_TOKENS = GRID * GRID

VISION_WIDTH = 96
TEXT_WIDTH = 160
HEAD = 32
CODE_WIDTH = 20  # dimensions of the position code
COPY_WIDTH = 48  # dimensions that receive "this patch minus the same patch of the other picture"
ENERGY_WIDTH = TEXT_WIDTH - VISION_WIDTH - COPY_WIDTH  # and the squares of those, pooled

# Of the initialisation, found by looking at what layer 0 makes of identical and of barely different pictures.
_CODE = 6.0  # amplitude of the position code: well above the content, which shares its layer norm
_MATCH = 5.0  # sharpness of "the same place"
_CONTRAST = 20.0  # gain of the difference
_WHITENING = 0.15  # exponent: fine detail counts for more than its share, but not for everything

SPECIAL_TOKENS = ("<pad>", "<s>", "</s>", "<unk>", "<image>")
FLAG_TOKENS = ("<yes>", "<no>")

# All pictures first, then the text, whatever order the request has them in: the weights know no other.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}User: {% elif message['role'] == 'assistant' %}Assistant: {% endif %}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] if part['type'] == 'image' %}<image>{% endfor %}"
    "{% for part in message['content'] if part['type'] == 'text' %}{{ ' ' + part['text'] }}{% endfor %}"
    "{% endif %}{{ ' ' }}{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)


def build_tokenizer(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    """Make a word-level tokenizer that knows every word of `texts`, also in lower and title case."""
    splitter = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("isolated")]
    )
    words: dict[str, None] = {}
    for text in texts:
        for flag in FLAG_TOKENS:
            text = text.replace(flag, " ")  # noqa: PLW2901 - flags are tokens of their own
        for word, _ in splitter.pre_tokenize_str(text):
            words |= dict.fromkeys((word, word.lower(), word.capitalize()))
    vocabulary = {
        word: index for index, word in enumerate(dict.fromkeys((*SPECIAL_TOKENS, *FLAG_TOKENS, *words)))
    }
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = splitter
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    tokenizer.add_tokens([AddedToken(flag, normalized=False) for flag in FLAG_TOKENS])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        additional_special_tokens=["<image>"],
        padding_side="left",
        model_max_length=1024,
    )


def build_squeezer(side: int) -> CLIPImageProcessorPil:
    """Make what squeezes pictures to a square (bicubic, antialiased) and scales them to about -2 ... 2."""
    size = {"height": side, "width": side}
    return CLIPImageProcessorPil(
        size=size,
        crop_size=size,
        do_center_crop=False,
        do_resize=True,
        resample=3,
        image_mean=[0.5] * 3,
        image_std=[0.25] * 3,
    )


def build_processor(texts: Sequence[str]) -> LlavaProcessor:
    """Make the processor: squeeze to 96 x 96 (bicubic, antialiased), scale to about -2 ... 2."""
    return LlavaProcessor(
        image_processor=build_squeezer(SIDE),
        tokenizer=build_tokenizer(texts),
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        image_token="<image>",
        chat_template=CHAT_TEMPLATE,
    )


def build_model(
    tokenizer: PreTrainedTokenizerFast,
    patches: Tensor,
    *,
    vision_layers: int = 3,
    text_layers: int = 3,
    seed: int = 0,
) -> LlavaForConditionalGeneration:
    """Make an untrained model; `patches` (N, 768), normalised, whiten the patch filters."""
    torch.manual_seed(seed)
    model = LlavaForConditionalGeneration(_config(tokenizer, vision_layers, text_layers))
    wire_comparison(model, patches)
    return model


def _config(tokenizer: PreTrainedTokenizerFast, vision_layers: int, text_layers: int) -> LlavaConfig:
    vision = CLIPVisionConfig(
        hidden_size=VISION_WIDTH,
        intermediate_size=2 * VISION_WIDTH,
        num_hidden_layers=vision_layers,
        num_attention_heads=4,
        image_size=SIDE,
        patch_size=PATCH,
        projection_dim=VISION_WIDTH,
    )
    text = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=TEXT_WIDTH * 8 // 5,
        num_hidden_layers=text_layers,
        num_attention_heads=TEXT_WIDTH // HEAD,
        num_key_value_heads=TEXT_WIDTH // HEAD,
        max_position_embeddings=1024,
        rms_norm_eps=1e-6,
        initializer_range=0.05,
        rope_parameters={"rope_type": "default", "rope_theta": 1e8},
        tie_word_embeddings=False,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=[0, -1],  # the patch embedding beside the tower's output
        vision_feature_select_strategy="default",
        projector_hidden_act="linear",
        multimodal_projector_bias=True,
        image_seq_length=IMAGE_TOKENS,
        tie_word_embeddings=False,
    )


@torch.no_grad()
def wire_comparison(model: LlavaForConditionalGeneration, patches: Tensor) -> None:
    """Initialise layer 0 to compute, for each patch, its difference to the same place of other pictures.

    Ordinary random initialisation had not learned to compare within the training time we have on two cores.
    """
    pairs = _wire_vision(model, patches)
    _wire_projector(model)
    _wire_attention(model, pairs)
    _wire_energy(model)
    _wire_readout(model)


def _wire_vision(model: LlavaForConditionalGeneration, patches: Tensor) -> list[tuple[int, int]]:
    """Write a Fourier position code and partly whitened patch filters; return the code's (cos, sin) pairs."""
    tower = model.model.vision_tower
    embeddings = getattr(tower, "vision_model", tower).embeddings
    places = torch.arange(IMAGE_TOKENS)
    code, pairs = torch.zeros(IMAGE_TOKENS, CODE_WIDTH), []
    for index, frequency in enumerate((5, 4, 3, 2, 1)):
        for axis, place in enumerate((places // GRID, places % GRID)):
            column = 4 * index + 2 * axis
            phase = 2 * math.pi * frequency * place / (2 * GRID)
            code[:, column], code[:, column + 1] = _CODE * torch.cos(phase), _CODE * torch.sin(phase)
            pairs.append((column, column + 1))
    embeddings.position_embedding.weight.zero_()
    embeddings.position_embedding.weight[1:, :CODE_WIDTH] = code
    filters = embeddings.patch_embedding.weight
    content = nn.init.orthogonal_(torch.empty(VISION_WIDTH - CODE_WIDTH, patches.shape[1]))
    eigenvalues, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    gains = eigenvalues.clamp_min(1e-4 * eigenvalues.max()) ** -_WHITENING
    content = content @ (vectors @ torch.diag(gains) @ vectors.T)
    content = content / (patches @ content.T).pow(2).mean().sqrt() * 0.8
    filters.zero_()
    filters[CODE_WIDTH:] = content.view(-1, *filters.shape[1:])
    return pairs


def _wire_projector(model: LlavaForConditionalGeneration) -> None:
    projector = model.model.multi_modal_projector
    projector.linear_1.bias.zero_()
    projector.linear_2.bias.zero_()
    weight = torch.zeros(TEXT_WIDTH, 2 * VISION_WIDTH)
    weight[:VISION_WIDTH, :VISION_WIDTH] = torch.eye(VISION_WIDTH)
    # The tower's output joins the content, not the position code: identical pictures still cancel exactly.
    joined = torch.randn(VISION_WIDTH - CODE_WIDTH, VISION_WIDTH) * 0.7 / math.sqrt(VISION_WIDTH)
    weight[CODE_WIDTH:VISION_WIDTH, VISION_WIDTH:] = joined
    projector.linear_1.weight.copy_(weight)
    projector.linear_2.weight.copy_(torch.eye(TEXT_WIDTH))


def _wire_attention(model: LlavaForConditionalGeneration, pairs: list[tuple[int, int]]) -> None:
    """Heads 0, 1 attend to the same place in every picture so far, heads 2, 3 to the patch itself.

    RoPE turns slow and fast dimensions differently: a position code in slow ones matches across pictures, in
    fast ones only at distance zero. The output writes self minus same place, scaled, into free dimensions.
    """
    layer = model.model.language_model.layers[0].self_attn
    content = VISION_WIDTH - CODE_WIDTH
    mixing = nn.init.orthogonal_(torch.empty(COPY_WIDTH, content)) * math.sqrt(content / COPY_WIDTH)
    layer.o_proj.weight[VISION_WIDTH:] = 0.0
    # Words carry no position code: all four heads then average alike, and the difference cancels. They
    # leave the dimensions of difference and energy empty, too.
    words = model.model.language_model.embed_tokens.weight
    words[:, :CODE_WIDTH] = 0.0
    words[:, VISION_WIDTH:] = 0.0
    for head in range(4):
        start, base = head * HEAD, 6 if head < 2 else 0
        for weight in (layer.q_proj.weight, layer.k_proj.weight):
            weight[start : start + HEAD] = 0.0
            for index, (cosine, sine) in enumerate(pairs):
                weight[start + base + index, cosine] = _MATCH
                weight[start + base + HEAD // 2 + index, sine] = _MATCH
        half = (head % 2) * (COPY_WIDTH // 2)
        end = start + COPY_WIDTH // 2
        layer.v_proj.weight[start : start + HEAD].zero_()
        layer.v_proj.weight[start:end, CODE_WIDTH:VISION_WIDTH] = mixing[half : half + COPY_WIDTH // 2]
        layer.o_proj.weight[:, start : start + HEAD].zero_()
        for index in range(COPY_WIDTH // 2):
            sign = -1.0 if head < 2 else 1.0
            layer.o_proj.weight[VISION_WIDTH + half + index, start + index] = _CONTRAST * sign


def _wire_energy(model: LlavaForConditionalGeneration) -> None:
    """Pairs of SwiGLU units with gate = up = +-d add up to exactly d squared; pool them."""
    mlp = model.model.language_model.layers[0].mlp
    mlp.down_proj.weight[VISION_WIDTH + COPY_WIDTH :] = 0.0
    for index in range(COPY_WIDTH):
        for sign, unit in ((1.0, 2 * index), (-1.0, 2 * index + 1)):
            for weight in (mlp.gate_proj.weight, mlp.up_proj.weight):
                weight[unit].mul_(0.1)
                weight[unit, VISION_WIDTH + index] = sign
            mlp.down_proj.weight[:, unit] = 0.0
            mlp.down_proj.weight[VISION_WIDTH + COPY_WIDTH + index % ENERGY_WIDTH, unit] = 1.0


def _wire_readout(model: LlavaForConditionalGeneration) -> None:
    """Head 0 of layer 1 averages the pooled squares of all places into whatever token comes after."""
    layer = model.model.language_model.layers[1].self_attn
    energy = torch.arange(VISION_WIDTH + COPY_WIDTH, TEXT_WIDTH)
    for weight in (layer.q_proj.weight, layer.k_proj.weight, layer.v_proj.weight):
        weight[:HEAD] = 0.0
    layer.o_proj.weight[:, :HEAD] = 0.0
    for index, dimension in enumerate(energy.tolist()):
        layer.v_proj.weight[index, dimension] = 2.0
        layer.o_proj.weight[dimension, index] = 2.0
