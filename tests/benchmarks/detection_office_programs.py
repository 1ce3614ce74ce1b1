"""Programs that tools of a working day run: a school, a garden, tickets, boats, an orchard, a chat, letters."""

# Settings of a site that `wagtail start` made, with somebody signed in.
SCHOOL = """
import os, sys, django
sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = "school.settings.dev"
from django.conf import settings
settings.MIDDLEWARE = [*settings.MIDDLEWARE, __name__ + ".signed_in"]
settings.ALLOWED_HOSTS, settings.WAGTAIL_ENABLE_UPDATE_CHECK = ["*"], False
def signed_in(answer):
    def answered(request):
        from django.contrib.auth.models import User
        request.user = User.objects.get(username="head")
        return answer(request)
    return answered
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
from home.models import HomePage
if not User.objects.exists():
    User.objects.create_superuser("head", "head@school.example", "x", first_name="Maja")
    for number in range(25):
        User.objects.create(username=f"teacher{number}", first_name=["Ole", "Siv", "Tor"][number % 3])
    home = HomePage.objects.first()
    for number, title in enumerate(["Lessons", "Meals", "Journeys", "Choir", "Library", "Workshop", "Parents"]):
        page = home.add_child(instance=HomePage(title=title, slug=title.lower(), search_description="Read on Monday."))
        for part in ("Autumn", "Spring"):
            page.add_child(instance=HomePage(title=f"{title} in {part.lower()}", slug=part.lower(), live=number % 2 == 0))
call_command("runserver", f"127.0.0.1:{sys.argv[1]}", use_reloader=False)
"""

GARDEN = """
import random, sys, uvicorn
from sqladmin import Admin, ModelView
from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, String, create_engine
from sqlalchemy.orm import Session, declarative_base, relationship
from starlette.applications import Starlette
Base, engine = declarative_base(), create_engine("sqlite:///garden.db")
class Bed(Base):
    __tablename__ = "beds"
    id, name, sunny = Column(Integer, primary_key=True), Column(String), Column(Boolean)
    plants = relationship("Plant", back_populates="bed")
    def __str__(self):
        return self.name
class Plant(Base):
    __tablename__ = "plants"
    id, name, height, price = Column(Integer, primary_key=True), Column(String), Column(Float), Column(Float)
    bed_id = Column(ForeignKey("beds.id"))
    bed = relationship(Bed, back_populates="plants")
Base.metadata.create_all(engine)
with Session(engine) as session:
    beds = [Bed(name=name, sunny=bool(n % 2)) for n, name in enumerate(["Wall", "Pond", "Gate", "Shed"])]
    draw = random.Random(6)
    session.add_all([*beds, *(Plant(name=f"{draw.choice(['Sage', 'Iris', 'Fern', 'Rose'])} {n}", height=n * 7 % 90 / 3,
        price=n * 13 % 70 / 4, bed=beds[n % 4]) for n in range(120))])
    session.commit()
app = Starlette()
admin = Admin(app, engine, title="Garden")
class Plants(ModelView, model=Plant):
    column_list = [Plant.id, Plant.name, Plant.height, Plant.price, Plant.bed]
    column_searchable_list, column_sortable_list = [Plant.name], [Plant.id, Plant.height, Plant.price]
    page_size, can_export = 20, True
class Beds(ModelView, model=Bed):
    column_list = [Bed.id, Bed.name, Bed.sunny]
admin.add_view(Plants)
admin.add_view(Beds)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""

TICKETS = """
import sys
from trac.env import open_environment
from trac.ticket.model import Ticket
from trac.wiki.model import WikiPage
env = open_environment(sys.argv[1])
for number in range(45):
    ticket = Ticket(env)
    ticket["summary"] = f"{['Crane', 'Winch', 'Lamp', 'Gate'][number % 4]} {number} {['sticks', 'leaks', 'is too slow'][number % 3]}"
    ticket["reporter"], ticket["owner"] = ["ida", "jon", "kim"][number % 3], ["lu", "mo"][number % 2]
    ticket["description"] = "It began on Monday.\\n\\n * in the rain\\n * and after dark\\n\\n{{{\\nwinch --turn 3\\n}}}\\n"
    ticket["priority"] = ["blocker", "critical", "major", "minor", "trivial"][number % 5]
    ticket["type"], ticket["milestone"], ticket["component"] = ["defect", "task", "enhancement"][number % 3], f"milestone{1 + number % 4}", f"component{1 + number % 2}"
    ticket["status"] = "closed" if number % 4 == 0 else "new"
    ticket.insert()
page = WikiPage(env, "WikiStart")
page.text = "= The yard =\\n" + "".join(f"== Slip {n} ==\\nBoats up to {n * 3} metres. See #{n} and [report:1 what is open].\\n\\n||hour||boats||\\n||{n}||{n * 7 % 5}||\\n" for n in range(1, 9))
page.save("ida", "first")
"""

BOATS = """
import time
from textual.app import App
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Checkbox, DataTable, Digits, Footer, Header, Input, Log, ProgressBar, Sparkline, Tree
class Boats(App):
    CSS = "Tree { width: 26; } Log { height: 9; } Digits { width: auto; } Sparkline { height: 3; width: 1fr; }"
    BINDINGS = [("d", "toggle_dark", "Dark"), ("q", "nothing", "Quit")]
    def compose(self):
        yield Header(show_clock=True)
        with Horizontal():
            yield Tree("Harbour")
            with Vertical():
                with Horizontal(classes="top"):
                    yield Digits("0")
                    yield Sparkline([3, 5, 2, 8])
                yield Input(placeholder="Who lands?")
                yield ProgressBar(total=60)
                yield DataTable(zebra_stripes=True, cursor_type="row")
                with Horizontal():
                    yield Button("Let in", variant="success")
                    yield Button("Send off", variant="error")
                    yield Checkbox("Fog")
                yield Log()
        yield Footer()
    def on_mount(self):
        self.query_one(".top").styles.height = 4
        table, tree = self.query_one(DataTable), self.query_one(Tree)
        table.add_columns("boat", "tons", "berth", "since")
        for n in range(60):
            table.add_row(["Anna", "Bo", "Clara"][n % 3] + f" {n}", str(n * 83 % 700), str(n % 9), f"{6 + n % 12}:{n * 7 % 60:02d}")
        for name in ("North pier", "South pier", "Dock"):
            branch = tree.root.add(name, expand=True)
            for n in range(4):
                branch.add_leaf(f"berth {n}")
        tree.root.expand()
        self.beat = 0
        self.set_interval(1, self.tick)
    def tick(self):
        self.beat += 1
        self.query_one(Digits).update(time.strftime("%H:%M:%S"))
        self.query_one(ProgressBar).advance(1)
        self.query_one(Sparkline).data = [(self.beat * 7 + n * 11) % 17 for n in range(40)]
        self.query_one(Log).write_line(f"{self.beat} gull over pier {self.beat * 5 % 7}")
    def action_nothing(self):
        pass
Boats().run()
"""

SERVE_BOATS = """
import sys
from textual_serve.server import Server
Server(f"{sys.executable} boats.py", host="127.0.0.1", port=int(sys.argv[1]), title="Boats").serve()
"""

ORCHARD = """
import sys, time
from pywebio import start_server
from pywebio.output import put_buttons, put_code, put_markdown, put_processbar, put_row, put_scope, put_table, put_tabs, put_text, set_processbar, toast, use_scope
from pywebio.pin import pin, put_checkbox, put_input, put_select, put_slider, put_textarea
def orchard():
    put_markdown("# Orchard\\nWhat is picked, *when* and by whom.")
    put_row([put_input("who", label="Picker", value="Nils"), put_select("tree", ["pear", "plum", "apple"], label="Tree"), put_slider("crates", label="Crates", value=30)])
    put_checkbox("when", ["dawn", "noon", "dusk"], inline=True, label="When")
    put_buttons(["Pick", "Press", "Rest"], onclick=lambda word: toast(f"{word}ed."))
    put_processbar("ripe", 0.1, label="ripe")
    put_scope("clock")
    put_tabs([{"title": "Rows", "content": put_table([["row", "kind", "crates"], *[[n, ["russet", "pippin"][n % 2], n * 7 % 13] for n in range(14)]])},
        {"title": "Recipe", "content": put_code("press(apples, hours=3)\\nrest(days=9)", "python")}, {"title": "Notes", "content": put_textarea("notes", value="Mind the wasps.")}])
    for beat in range(4000):
        set_processbar("ripe", beat % 50 / 50)
        with use_scope("clock", clear=True):
            put_text(time.strftime("%H:%M:%S"), "crates so far:", beat * 3)
        time.sleep(1)
start_server(orchard, port=int(sys.argv[1]), host="127.0.0.1", cdn=False)
"""

CHAT = """
import asyncio, chainlit
WORDS = "the river is low in August so cross by the stones and keep the rope dry until you stand on the other bank".split()
@chainlit.on_chat_start
async def start():
    await chainlit.Message("Ask me how to cross.\\n\\n1. by the **stones**\\n2. by the rope\\n\\n| place | depth |\\n|---|---|\\n| ford | 40 cm |\\n| bend | 3 m |").send()
@chainlit.on_message
async def answer(asked):
    told = chainlit.Message("")
    for word in WORDS * 2:
        await told.stream_token(word + " ")
        await asyncio.sleep(0.2)
    await told.update()
"""

# Letters are sent as soon as the server of mail takes them.
LETTERS = """
import email.message, smtplib, sys, time
for number in range(34):
    letter = email.message.EmailMessage()
    letter["From"], letter["To"] = f"{['ida', 'jon', 'kim'][number % 3]}@tower.example", "bells@tower.example"
    letter["Subject"] = f"{['Rope', 'Clapper', 'Ladder', 'Owl'][number % 4]} {number} {['is worn', 'has come', 'again'][number % 3]}"
    letter.set_content("\\n\\n".join(f"Ring {n}, then wait for the wind." for n in range(12)))
    if number % 2:
        letter.add_alternative("<h2>Ringers</h2>" + "".join(f"<p style='color:#{n}57'>Ring <b>{n}</b>, then <a href='#'>wait</a>.</p>" for n in range(9)), subtype="html")
    for _ in range(60):
        try:
            with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as post:
                post.send_message(letter)
            break
        except OSError:
            time.sleep(0.5)
    time.sleep(0 if number < 22 else 9)
"""
