"""Programs that other people's packages run in the held-out applications: a brewery, a circus, a choir, a post."""

BREWERY = """
import random, sys, uvicorn
from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Text, create_engine
from sqlalchemy.orm import Session, declarative_base, relationship
from starlette.applications import Starlette
from starlette_admin.contrib.sqla import Admin, ModelView
Base, engine = declarative_base(), create_engine("sqlite:///brewery.db", connect_args={"check_same_thread": False})
class Vat(Base):
    __tablename__ = "vats"
    id, name, litres, clean = Column(Integer, primary_key=True), Column(String), Column(Integer), Column(Boolean)
    brews = relationship("Brew", back_populates="vat")
class Brew(Base):
    __tablename__ = "brews"
    id, name, kind = Column(Integer, primary_key=True), Column(String), Column(String)
    strength, notes, vat_id = Column(Integer), Column(Text), Column(ForeignKey("vats.id"))
    vat = relationship(Vat, back_populates="brews")
Base.metadata.create_all(engine)
draw = random.Random(3)
with Session(engine) as session:
    vats = [Vat(name=f"{word} vat", litres=n * 300 + 200, clean=bool(n % 2)) for n, word in enumerate(["Oak", "Tin", "Old", "Long"])]
    session.add_all([*vats, *(Brew(name=f"{draw.choice(['Harvest', 'Lent', 'Frost', 'Ferry'])} {n}", kind=["pale", "brown", "sour"][n % 3],
        strength=n * 7 % 60, notes="Cloudy at first, then as clear as a bell.", vat=vats[n % 4]) for n in range(90))])
    session.commit()
app = Starlette()
admin = Admin(engine, title="Brewery")
class Brews(ModelView):
    label, fields, page_size = "Brews", ["id", "name", "kind", "strength", "vat", "notes"], 20
admin.add_view(Brews(Brew, icon="fa fa-beer"))
admin.add_view(ModelView(Vat, icon="fa fa-flask"))
admin.mount_to(app)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""

# Django in one file, with somebody signed in; how it is shown is appended.
_DJANGO = """
import random, sys, django
from django.conf import settings
settings.configure(DEBUG=True, SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], STATIC_URL="/static/", USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField", INSTALLED_APPS=[*SHOWN_BY, *("django.contrib." + name for name in
        ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles"))],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "circus.db"}},
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware", __name__ + ".known"],
    REST_FRAMEWORK={"DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination", "PAGE_SIZE": 8,
        "DEFAULT_AUTHENTICATION_CLASSES": []},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]}}])
def known(answer):
    def answered(request):
        from django.contrib.auth.models import User
        request.user = User.objects.get(username="ringmaster")
        return answer(request)
    return answered
sys.modules[settings.ROOT_URLCONF] = sys.modules["__main__"]
django.setup()
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.urls import include, path
call_command("migrate", verbosity=0)
if not User.objects.exists():
    User.objects.create_superuser("ringmaster", "tent@circus.example", "x", first_name="Zelda")
    groups = [Group.objects.create(name=name) for name in ("acrobats", "clowns", "grooms", "band")]
    for number in range(70):
        one = User.objects.create(username=f"{['rope', 'nose', 'mane', 'horn'][number % 4]}{number}", email=f"{number}@circus.example",
            first_name=["Aldo", "Bibi", "Coco"][number % 3], last_name=["Volt", "Prank", "Hoof"][number % 3], is_staff=number % 3 == 0)
        one.groups.add(groups[number % 4])
"""
_DJANGO_SERVED = """
call_command("runserver", f"127.0.0.1:{sys.argv[1]}", use_reloader=False)
"""

CIRCUS = (
    'SHOWN_BY = ["unfold", "unfold.contrib.filters", "unfold.contrib.forms"]\n'
    + _DJANGO
    + """
from django.contrib.auth.admin import UserAdmin
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
admin.site.unregister(User)
@admin.register(User)
class Artists(UserAdmin, ModelAdmin):
    form, add_form, change_password_form, list_per_page = UserChangeForm, UserCreationForm, AdminPasswordChangeForm, 25
urlpatterns = [path("admin/", admin.site.urls)]
"""
    + _DJANGO_SERVED
)

CIRCUS_API = (
    'SHOWN_BY = ["rest_framework"]\n'
    + _DJANGO
    + """
from rest_framework import routers, serializers, viewsets
class Artist(serializers.ModelSerializer):
    class Meta:
        model, fields = User, ["id", "username", "first_name", "last_name", "email", "is_staff", "date_joined", "groups"]
class Artists(viewsets.ModelViewSet):
    "Whoever performs, and in which troupe."
    queryset, serializer_class = User.objects.order_by("id"), Artist
router = routers.DefaultRouter()
router.register("artists", Artists)
urlpatterns = [path("api/", include(router.urls)), path("admin/", admin.site.urls)]
"""
    + _DJANGO_SERVED
)

CHOIR = """
import sys, time, remi.gui as gui
from remi import App, start
class Choir(App):
    def main(self):
        page = gui.VBox(width="94%", style={"margin": "10px auto", "align-items": "stretch"})
        bar = gui.Menu(width="100%", height=30)
        for name in ("Voices", "Songs", "Robes"):
            item = gui.MenuItem(name, width=110, height=30)
            item.append([gui.MenuItem(f"{name} {n}", width=110, height=30) for n in range(3)])
            bar.append(item)
        self.clock, self.ready = gui.Label("", style={"font-size": "22px", "margin": "8px"}), gui.Progress(10, 100, width="100%", height=18)
        row = gui.HBox(style={"margin": "8px"})
        button = gui.Button("Sing", width=120, height=34)
        button.onclick.do(lambda _: self.clock.set_text("They sing."))
        row.append([gui.TextInput(hint="Who is missing?", width=190, height=30), gui.DropDown.new_from_list(["soprano", "alto", "tenor", "bass"], width=130, height=30),
            gui.Slider(4, 0, 10, 1, width=160, height=30), gui.CheckBoxLabel("in the loft", True, width=130, height=30), gui.ColorPicker("#884422", width=60, height=30), gui.Date("2026-03-04", width=140, height=30), button])
        table = gui.Table.new_from_list([("No.", "Song", "Voices", "Sung"), *[(str(n), ["Vesper", "Reaping", "Cradle", "Snow"][n % 4] + f" {n}", str(2 + n % 4), str(n * 7 % 30)) for n in range(18)]], width="100%")
        self.tabs = gui.TabBox(width="100%")
        self.tabs.append(table, "Songs")
        self.tabs.append(gui.TextInput(single_line=False, hint="Notes", width="90%", height=180), "Notes")
        self.tabs.append(gui.ListView.new_from_list([f"Robe {n}, {['torn', 'washed', 'lent'][n % 3]}" for n in range(14)], width="90%"), "Robes")
        self.staff = gui.Svg(width=700, height=90)
        for n in range(5):
            line = gui.SvgLine(10, 15 + n * 14, 690, 15 + n * 14)
            line.set_stroke(1, "#333333")
            self.staff.append(line)
        for n in range(16):
            note = gui.SvgCircle(40 + n * 41, 71 - n * 5 % 8 * 7, 6)
            note.set_fill("#5a2d0c")
            self.staff.append(note)
        page.append([bar, self.clock, self.ready, row, self.staff, self.tabs])
        return page
    def idle(self):
        self.clock.set_text("Rehearsal, " + time.strftime("%H:%M:%S"))
        self.ready.set_value(int(time.time() * 3) % 100)
start(Choir, address="127.0.0.1", port=int(sys.argv[1]), start_browser=False, update_interval=1)
"""

POST = """
import time, mesop as me, mesop.labs as mel
@me.stateclass
class State:
    weight: int = 3
    name: str = "Halvor"
    sent: int = 0
def send(_):
    state = me.state(State)
    for _ in range(5):
        state.sent += 1
        time.sleep(0.4)
        yield
def weigh(event):
    me.state(State).weight = int(event.value)
def call(event):
    me.state(State).name = event.value
@me.page(path="/", title="Post office")
def page():
    state = me.state(State)
    with me.box(style=me.Style(padding=me.Padding.all(20), display="grid", grid_template_columns="1fr 1fr", gap=18)):
        with me.box():
            me.text("Post office", type="headline-4")
            me.text(f"{state.sent} parcels sent for {state.name}, {state.weight} kg each.", type="body-1")
            me.input(label="Sender", value=state.name, on_blur=call)
            me.select(label="By", options=[me.SelectOption(label=word, value=word) for word in ("sledge", "boat", "train")])
            me.slider(min=1, max=30, value=state.weight, on_value_change=weigh)
            me.checkbox(label="fragile")
            me.slide_toggle(label="wait for an answer")
            me.radio(options=[me.RadioOption(label=word, value=word) for word in ("today", "tomorrow")], value="today")
            me.textarea(label="What is in it", value="Three pairs of socks and a cheese.")
            me.button("Send", type="flat", on_click=send)
            me.button("Weigh again", type="stroked")
            me.progress_bar()
            me.progress_spinner(diameter=36)
            me.divider()
        with me.box():
            me.markdown("## Rates\\n\\n| kg | sledge | boat |\\n|---|---|---|\\n" + "\\n".join(f"| {n} | {n * 7 % 40} | {n * 5 % 30} |" for n in range(1, 15)) + "\\n\\n> Nothing that bites.\\n\\n```python\\nrate = kg * 3 + 4\\n```")
            with me.expansion_panel(title="What is not taken", description="read it"):
                me.text("Bees, quicksilver, and anything that hums.")
"""
