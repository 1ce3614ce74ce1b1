import json

import pytest

from predictor.critic.file_texts import Text
from predictor.critic.generator_marks import marks_of, named_generator

WEBUI = (
    "a red fox in the snow\nNegative prompt: blurry\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, Model: dreamshaper_8, Version: v1.9.4"
)
GRAPH = json.dumps({"3": {"class_type": "KSampler", "inputs": {"seed": 1}}})
WORKFLOW = json.dumps({"last_node_id": 9, "nodes": [{"type": "KSampler"}], "links": []})
NOVEL = json.dumps({"prompt": "1girl, sky", "steps": 28, "sampler": "k_euler", "uc": "lowres"})
SWARM = json.dumps({"sui_image_params": {"prompt": "a lighthouse", "model": "sdxl"}})
JOURNEY = "a castle on a hill --ar 16:9 --v 6.1 Job ID: 0c8d7c77-6d3f-4c39-9d86-5f0f5a2b8f11"


@pytest.mark.parametrize(
    ("keyword", "content", "generator", "prompt"),
    [
        (
            "parameters",
            WEBUI,
            "Stable Diffusion WebUI (dreamshaper_8, v1.9.4)",
            "a red fox in the snow",
        ),
        (
            "comment",
            WEBUI,
            "Stable Diffusion WebUI (dreamshaper_8, v1.9.4)",
            "a red fox in the snow",
        ),
        ("prompt", GRAPH, "ComfyUI", ""),
        ("workflow", WORKFLOW, "ComfyUI", ""),
        ("invokeai_metadata", '{"positive_prompt": "x"}', "InvokeAI", ""),
        ("sd-metadata", "{}", "InvokeAI", ""),
        ("Comment", NOVEL, "NovelAI", "1girl, sky"),
        ("Software", "NovelAI", "NovelAI", ""),
        ("parameters", SWARM, "SwarmUI", "a lighthouse"),
        ("fooocus_scheme", "a1111", "Fooocus", ""),
        ("Description", JOURNEY, "Midjourney", "a castle on a hill"),
        ("credit", "Made with Google AI", "Google", ""),
        ("creator tool", "Adobe Firefly", "Adobe Firefly", ""),
    ],
)
def test_each_program_is_known_by_what_it_leaves(keyword: str, content: str, generator: str, prompt: str):
    (mark,) = marks_of((Text("somewhere", keyword, content),))

    assert (mark.generator, mark.prompt, mark.source) == (generator, prompt, "somewhere")


@pytest.mark.parametrize(
    ("keyword", "content"),
    [
        ("Description", "Our trip to the castle, made with love --verena"),
        ("Comment", "CREATOR: gd-jpeg v1.0"),
        ("Comment", '{"uc": 1}'),
        ("Software", "Adobe Photoshop 25.0 (Macintosh)"),
        ("Software", "GIMP 2.10"),
        ("prompt", "What do you see in this picture?"),
        ("workflow", "[1, 2, 3]"),
        ("workflow", "{" * 100_000),
        ("Author", "Stable Diffusion for beginners, a book"),
        ("parameters", ""),
    ],
)
def test_what_people_and_editors_write_is_no_mark(keyword: str, content: str):
    assert list(marks_of((Text("somewhere", keyword, content),))) == []


@pytest.mark.parametrize(
    "name", ["Canon EOS R5", "HDR+ 1.0", "Fluxbox", "Leonardo Rossi", "NIKON D90 Ver.1.00"]
)
def test_cameras_and_people_are_no_generators(name: str):
    assert named_generator(name) == ""
