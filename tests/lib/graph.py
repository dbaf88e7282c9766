"""The graph of server-memory: calls to compare servers with, and its rules as a model of a few lines."""
import random

README = [  # what the documentation of that server shows
    ("create_entities", {"entities": [{"name": "John_Smith", "entityType": "person", "observations": ["Speaks fluent Spanish"]}]}),
    ("create_relations", {"relations": [{"from": "John_Smith", "to": "Anthropic", "relationType": "works_at"}]}),
    ("create_entities", {"entities": [{"name": "Anthropic", "entityType": "organization", "observations": []}]}),
    ("add_observations", {"observations": [{"entityName": "John_Smith", "contents": [
        "Speaks fluent Spanish", "Graduated in 2019", "Prefers morning meetings"]}]}),
    ("read_graph", {}),
    ("search_nodes", {"query": "spanish"}),
    ("search_nodes", {"query": "ORGANI"}),
    ("search_nodes", {"query": "n"}),
    ("search_nodes", {"query": "nothing of the kind"}),
    ("open_nodes", {"names": ["John_Smith", "Nobody"]}),
    ("delete_observations", {"deletions": [{"entityName": "John_Smith", "observations": ["Graduated in 2019", "never said"]},
                                           {"entityName": "Nobody", "observations": ["x"]}]}),
    ("read_graph", {}),
    ("delete_relations", {"relations": [{"from": "John_Smith", "to": "Anthropic", "relationType": "works_at"},
                                        {"from": "a", "to": "b", "relationType": "c"}]}),
    ("delete_entities", {"entityNames": ["John_Smith", "Nobody"]}),
    ("read_graph", {}),
    ("add_observations", {"observations": [{"entityName": "Anthropic", "contents": ["not kept: the next one fails"]},
                                           {"entityName": "John_Smith", "contents": ["x"]}]}),
    ("read_graph", {}),
    ("create_entities", {"entities": [{"name": "John_Smith", "entityType": "ghost", "observations": ["is back", "is back"]}]}),
    ("create_entities", {"entities": [{"name": "john_smith", "entityType": "person", "observations": ["another"], "extra": 1}]}),
    ("search_nodes", {"query": "JOHN"}),
    ("create_relations", {"relations": [{"from": "nobody yet", "to": "John_Smith", "relationType": "works_at"},
                                        {"from": "nobody yet", "to": "john_smith", "relationType": "works_at"}]}),
    ("open_nodes", {"names": ["john_smith"]}),
    ("create_entities", {"entities": [{"name": "Ünïcode \"quoted\"\n(x)", "entityType": "Ärger", "observations": ["Größe", "  spaced  out ", "GRÖSSE"]}]}),
    ("search_nodes", {"query": "größe"}),
    ("search_nodes", {"query": "ÄRGER"}),
    ("read_graph", {}),
]


def chance(seed, n):
    """Calls on few names, so that they meet."""
    r = random.Random(seed)
    names = ["Ann", "ann", "Bob", "the cache", "server/store/db.c", "Zoë"]
    texts = ["likes tea", "Likes tea", "is 4", "wrote db.c", "was seen in Köln", "likes  tea"]
    types = ["person", "thing", "Person"]

    def some(of, least=1, most=3):
        return [r.choice(of) for _ in range(r.randint(least, most))]

    def once(of, least=1, most=3):
        return r.sample(of, r.randint(least, most))

    def relations():
        return [dict(zip(("from", "to", "relationType"), t)) for t in
                {(r.choice(names), r.choice(names), r.choice(["knows", "owner"])) for _ in range(r.randint(1, 3))}]

    for _ in range(n):
        yield r.choice([
            lambda: ("create_entities", {"entities": [{"name": name, "entityType": r.choice(types), "observations": some(texts, 0)}
                                                      for name in once(names)]}),
            lambda: ("create_relations", {"relations": relations()}),
            lambda: ("add_observations", {"observations": [{"entityName": name, "contents": once(texts)} for name in once(names, 1, 2)]}),
            lambda: ("delete_entities", {"entityNames": once(names, 1, 1)}),
            lambda: ("delete_observations", {"deletions": [{"entityName": r.choice(names), "observations": some(texts)}]}),
            lambda: ("delete_relations", {"relations": relations()}),
            lambda: ("read_graph", {}),
            lambda: ("search_nodes", {"query": r.choice(["tea", "PERSON", "Köl", "ö", "db", "", "zoë", "nobody"])}),
            lambda: ("open_nodes", {"names": some(names)}),
        ])()


class Model:
    """What that server answers: (failed, text or JSON of the text, structured content)."""

    def __init__(self):
        self.entities, self.relations = [], []

    def find(self, name):
        return next((e for e in self.entities if e["name"] == name), None)

    def around(self, entities):
        names = {e["name"] for e in entities}
        return {"entities": entities, "relations": [r for r in self.relations if r["from"] in names or r["to"] in names]}

    def call(self, name, args):
        return getattr(self, name)(**args)

    def create_entities(self, entities):
        new = [{k: e[k] for k in ("name", "entityType", "observations")} for e in entities if not self.find(e["name"])]
        self.entities += [dict(e, observations=list(e["observations"])) for e in new]
        return False, new, {"entities": new}

    def create_relations(self, relations):
        new = [r for r in relations if r not in self.relations]
        self.relations += new
        return False, new, {"relations": new}

    def add_observations(self, observations):
        for o in observations:
            if not self.find(o["entityName"]):
                return True, "Entity with name %s not found" % o["entityName"], None
        done = []
        for o in observations:
            e = self.find(o["entityName"])
            new = [c for c in o["contents"] if c not in e["observations"]]
            e["observations"] += new
            done.append({"entityName": o["entityName"], "addedObservations": new})
        return False, done, {"results": done}

    def done(self, what):
        return False, what, {"success": True, "message": what}

    def delete_entities(self, entityNames):
        self.entities = [e for e in self.entities if e["name"] not in entityNames]
        self.relations = [r for r in self.relations if r["from"] not in entityNames and r["to"] not in entityNames]
        return self.done("Entities deleted successfully")

    def delete_observations(self, deletions):
        for d in deletions:
            e = self.find(d["entityName"])
            if e:
                e["observations"] = [o for o in e["observations"] if o not in d["observations"]]
        return self.done("Observations deleted successfully")

    def delete_relations(self, relations):
        self.relations = [r for r in self.relations if r not in relations]
        return self.done("Relations deleted successfully")

    def read_graph(self):
        graph = {"entities": [dict(e, observations=list(e["observations"])) for e in self.entities],
                 "relations": list(self.relations)}
        return False, graph, graph

    def search_nodes(self, query):
        q = query.lower()
        graph = self.around([dict(e, observations=list(e["observations"])) for e in self.entities
                             if any(q in t.lower() for t in [e["name"], e["entityType"]] + e["observations"])])
        return False, graph, graph

    def open_nodes(self, names):
        graph = self.around([dict(e, observations=list(e["observations"])) for e in self.entities if e["name"] in names])
        return False, graph, graph
