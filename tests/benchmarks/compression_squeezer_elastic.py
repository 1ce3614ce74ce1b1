"""Run by `compression_rivals.py` in an environment of its own: vision-squeezer is under the Elastic License.

Imports nothing of this project. Reads JSON jobs from standard input, a line each; answers each with a line.
"""

import json
import sys
import time

import vision_squeezer

if __name__ == "__main__":
    for line in sys.stdin:
        job = json.loads(line)
        began = time.perf_counter()
        vision_squeezer.optimize_image(
            job["path"], model=job["model"], quality=job["quality"], output_path=job["out"]
        )
        print(json.dumps({"milliseconds": (time.perf_counter() - began) * 1000}), flush=True)
