"""What is shown in further servers: a ledger, a repository, a profile, tasks, a museum, files, traffic."""

import json
import wave
from pathlib import Path

import cv2
import numpy as np
from skimage import data

LEDGER = 'option "title" "Mill"\noption "operating_currency" "EUR"\n' + "".join(
    f"2025-01-01 open {account}\n"
    for account in (
        *("Assets:Bank", "Assets:Cash", "Income:Flour", "Income:Bread"),
        *("Expenses:Grain", "Expenses:Wages", "Expenses:Repairs"),
    )
)
LEDGER += "".join(
    f'{year}-{month:02d}-{2 + each * 5:02d} * "{who}" "{what}"\n'
    f"  {account}  {37 + month * 53 % 211 + each * 17}.{each}0 EUR\n  Assets:{('Bank', 'Cash')[each % 2]}\n"
    for year in (2025, 2026)
    for month in range(1, 13)
    for each, (who, what, account) in enumerate(
        (
            ("Bakery Lund", "forty sacks", "Income:Flour"),
            ("Farm Ek", "rye and barley", "Expenses:Grain"),
            ("Sten", "two weeks", "Expenses:Wages"),
            ("Smith", "a new axle", "Expenses:Repairs"),
        )
    )
)

REPOSITORY = {
    "README.md": "# Well\n\nOpens the well at dawn.\n\n* `well open`\n* `well depth`\n",
    "well.py": "".join(
        f"def depth_{n}(rope: list[int]) -> int:\n    # the {n}. bucket\n    return sum(rope[{n}:]) // {n + 1}\n\n\n"
        for n in range(12)
    ),
    "rope.c": "".join(f"int knot_{n}(int turns) {{\n    return turns * {n};\n}}\n\n" for n in range(9)),
}

PROFILED = """
import cProfile, json, re, random, textwrap
def sieve(most):
    left = list(range(2, most))
    for step in range(2, 60):
        left = [each for each in left if each == step or each % step]
    return left
def words(count):
    rng = random.Random(4)
    return " ".join(sorted("".join(rng.choices("abcdefgh", k=6)) for _ in range(count)))
def work():
    sieve(6000)
    for width in range(20, 60):
        textwrap.wrap(words(300), width)
    json.loads(json.dumps({str(n): list(range(n)) for n in range(120)}))
    [re.findall("a+b", words(200)) for _ in range(30)]
cProfile.run("work()", "mill.prof")
"""

TASKS = """
import sys, threading, time
from luigi import configuration
from luigi.scheduler import Scheduler
from luigi.server import run
configuration.get_config().set("scheduler", "state_path", "state.pickle")
states = ["DONE", "DONE", "RUNNING", "PENDING", "FAILED"]
scheduler = Scheduler()
def add(number):
    name = ["Shear", "Wash", "Card", "Spin", "Weave"][number % 5]
    scheduler.add_task(task_id=f"{name}_{number}", family=name, params={"sheep": str(number), "barn": "north"}, worker="loom",
        status="PENDING", deps=[f"{['Shear', 'Wash', 'Card', 'Spin', 'Weave'][(number - 1) % 5]}_{number - 1}"] if number % 5 else [], priority=number % 7)
    if states[number % 5] != "PENDING":
        scheduler.add_task(task_id=f"{name}_{number}", worker="loom", status=states[number % 5])
for number in range(60):
    add(number)
def more():
    number = 60
    while True:
        time.sleep(2)
        scheduler.ping(worker="loom")
        add(number)
        number += 1
threading.Thread(target=more, daemon=True).start()
run(api_port=int(sys.argv[1]), address="127.0.0.1", scheduler=scheduler)
"""

PROCESSES = """[inet_http_server]
port=127.0.0.1:{port}
[supervisord]
nodaemon=true
[supervisorctl]
serverurl=http://127.0.0.1:{port}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
PROCESSES += "".join(
    f"[program:{name}]\ncommand=sh -c 'while true; do date; sleep 1; done'\nautostart={str(at % 3 != 0).lower()}\n"
    for at, name in enumerate(("anchor", "bell", "buoy", "chart", "fog", "horn", "lantern", "pump", "tide"))
)

MUSEUM = """
import random, sys
from flask import Flask, redirect
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy
app = Flask(__name__)
app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI="sqlite:///museum.db")
Babel(app)
db = SQLAlchemy(app)
class Room(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(40))
    def __str__(self):
        return self.name
class Piece(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(60))
    year = db.Column(db.Integer)
    lent = db.Column(db.Boolean)
    room_id = db.Column(db.ForeignKey("room.id"))
    room = db.relationship(Room)
class Pieces(ModelView):
    column_searchable_list, column_filters, column_editable_list = ["title"], ["year", "lent"], ["title", "year"]
    can_view_details, create_modal, column_exclude_list = True, True, []
with app.app_context():
    db.create_all()
    rooms = [Room(name=name) for name in ("Hall", "Attic", "Garden")]
    db.session.add_all(rooms + [Piece(title=f"{random.Random(n).choice(['Jug', 'Coin', 'Loom', 'Mask'])} {n}", year=1400 + n * 37 % 500,
        lent=n % 4 == 0, room=rooms[n % 3]) for n in range(90)])
    db.session.commit()
admin = Admin(app, name="Museum")
admin.add_view(Pieces(Piece, db.session))
admin.add_view(ModelView(Room, db.session))
app.run(host="127.0.0.1", port=int(sys.argv[1]))
"""

FILES = {
    **{
        f"files/letters/{n:02d} to the harbour master.md": f"# Letter {n}\n\nThe crane is out of oil.\n"
        for n in range(14)
    },
    **{
        f"files/tables/tide {n}.csv": "hour,height\n" + "".join(f"{h},{h * n % 9}\n" for h in range(24))
        for n in range(20)
    },
    **{f"files/plans/slip {n}.txt": f"slip {n}\n" * (n + 1) for n in range(9)},
    "files/read me first.txt": "Ask before you move a plan.\n",
}

TRAFFIC = """
import time
from mitmproxy import connection, http, io
from mitmproxy.flow import Error
with open("flows.mitm", "wb") as file:
    writer = io.FlowWriter(file)
    for n in range(70):
        client = connection.Client(peername=("127.0.0.1", 4000 + n), sockname=("127.0.0.1", 8080), timestamp_start=1.7e9 + n)
        server = connection.Server(address=(f"orchard{n % 4}.example", 443))
        flow = http.HTTPFlow(client, server)
        path = ["/trees", "/trees/7.json", "/leaf.css", "/graft.js", "/apple.png"][n % 5]
        flow.request = http.Request.make(["GET", "POST", "GET"][n % 3], f"https://orchard{n % 4}.example{path}?row={n}", b"", {"accept": "*/*", "user-agent": "picker/2"})
        flow.request.timestamp_start, flow.request.timestamp_end = 1.7e9 + n, 1.7e9 + n + 0.1
        body = ('{"tree": %d, "height": %.1f, "kinds": ["russet", "pippin"]}' % (n, n * 0.3)).encode() * 3
        flow.response = http.Response.make([200, 200, 404, 304, 500][n * 3 % 5], body, {"content-type": "application/json"})
        flow.response.timestamp_start, flow.response.timestamp_end = 1.7e9 + n + 0.2, 1.7e9 + n + 0.2 + n % 7 / 10
        writer.add(flow)
"""

API = {
    "openapi.json": json.dumps(
        {
            "openapi": "3.0.0",
            "info": {
                "title": "Post",
                "version": "3",
                "description": "Letters are weighed, then sorted by valley.",
            },
            "paths": {
                f"/{thing}/{{number}}": {
                    verb: {
                        "summary": f"{verb} one of the {thing}",
                        "tags": [thing],
                        "parameters": [
                            {"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}}
                        ],
                        "responses": {
                            "200": {"description": "Found."},
                            "404": {"description": "Lost on the way."},
                        },
                    }
                    for verb in ("get", "put", "delete")
                }
                for thing in ("letters", "parcels", "valleys", "stamps")
            },
        }
    )
}
_SECONDS, _RATE = 12, 8000


def sound(_applications: Path, own: Path) -> None:
    """Write bells that are struck one after another, as a WAV file."""
    time = np.arange(_SECONDS * _RATE) / _RATE
    struck = np.zeros(len(time))
    for n in range(_SECONDS):
        struck += np.sin(6.28 * (220 + 70 * n) * time) * np.exp(-2 * ((time - n) % _SECONDS))
    with wave.open(str(own / "bells.wav"), "wb") as file:
        file.setparams((1, 2, _RATE, 0, "NONE", ""))
        file.writeframes((6000 * struck).astype("<i2").tobytes())


def film(_applications: Path, own: Path) -> None:
    """Write a film that pans over a photograph while water rises in a lock, as browsers play it."""
    photograph = cv2.resize(data.rocket()[..., ::-1], (600, 400))
    made = cv2.VideoWriter(str(own / "film.webm"), cv2.VideoWriter.fourcc(*"VP80"), 8, (480, 270))
    for time in range(60):
        frame = photograph[60 + time : 330 + time, 2 * time : 480 + 2 * time].copy()
        cv2.rectangle(frame, (320, 250 - 2 * time), (450, 260), (150, 110, 40), -1)
        cv2.putText(frame, f"{time / 8:.1f} s", (15, 30), cv2.FONT_HERSHEY_DUPLEX, 0.8, (255, 255, 255), 2)
        made.write(frame)
    made.release()
