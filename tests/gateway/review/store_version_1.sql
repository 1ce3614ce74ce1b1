BEGIN TRANSACTION;
CREATE TABLE review_flags (
	id VARCHAR(26) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	tenant TEXT NOT NULL, 
	client TEXT NOT NULL, 
	model TEXT NOT NULL, 
	provider TEXT NOT NULL, 
	upstream TEXT NOT NULL, 
	dialect TEXT NOT NULL, 
	path TEXT NOT NULL, 
	request_id TEXT NOT NULL, 
	policy TEXT NOT NULL, 
	outcome VARCHAR(32) NOT NULL, 
	kinds TEXT NOT NULL, 
	p_value FLOAT NOT NULL, 
	jnd_ratio FLOAT, 
	explanation TEXT NOT NULL, 
	evidence TEXT NOT NULL, 
	action VARCHAR(16) NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	artifact TEXT NOT NULL, 
	mark VARCHAR(16) NOT NULL, 
	marked_at FLOAT, 
	PRIMARY KEY (id)
);
INSERT INTO "review_flags" VALUES('01mcc5rm00zb1exwp90kj9kprv','e9d9e1207ade8d338a392ceaeb28fb59c1ff1e7baccc4cf588ca30841bafe654','t1','shop','gpt-4o','','','','','','','imperceptible_edit','residual',0.001,0.5,'Noise was added.','[{"kind":"residual","score":3.5,"p_value":0.001,"jnd_ratio":null,"explanation":"Noise was added.","is_attack":false,"is_visible":false,"boxes":[[0,0,16,16,1.0]]}]','monitor',30,0,0,'','false_alarm',1.79602753004873466492e+09);
INSERT INTO "review_flags" VALUES('01mcc5tek037r38x4bxeta5xkf','e9d9e1207ade8d338a392ceaeb28fb59c1ff1e7baccc4cf588ca30841bafe654','t1','shop','gpt-4o','','','','','','','imperceptible_edit','container,residual',0.001,0.5,'Noise was added.','[{"kind":"residual","score":3.5,"p_value":0.001,"jnd_ratio":null,"explanation":"Noise was added.","is_attack":false,"is_visible":false,"boxes":[[0,0,16,16,1.0]]}]','monitor',30,0,0,'','open',NULL);
CREATE TABLE review_kinds (
	kind VARCHAR(32) NOT NULL, 
	flag_id VARCHAR(26) NOT NULL, 
	PRIMARY KEY (kind, flag_id)
);
INSERT INTO "review_kinds" VALUES('residual','01mcc5rm00zb1exwp90kj9kprv');
INSERT INTO "review_kinds" VALUES('container','01mcc5tek037r38x4bxeta5xkf');
INSERT INTO "review_kinds" VALUES('residual','01mcc5tek037r38x4bxeta5xkf');
CREATE TABLE review_marks (
	number INTEGER NOT NULL, 
	flag_id VARCHAR(26) NOT NULL, 
	"before" VARCHAR(16) NOT NULL, 
	mark VARCHAR(16) NOT NULL, 
	at FLOAT NOT NULL, 
	is_undone INTEGER NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "review_marks" VALUES(1,'01mcc5rm00zb1exwp90kj9kprv','open','false_alarm',1.79602753004630517961e+09,0);
CREATE TABLE review_schema (
	version INTEGER NOT NULL
);
INSERT INTO "review_schema" VALUES(1);
CREATE INDEX review_flags_client ON review_flags (client, id DESC);
CREATE INDEX review_flags_mark ON review_flags (mark, id DESC);
CREATE INDEX review_flags_model ON review_flags (model, id DESC);
CREATE INDEX review_flags_digest ON review_flags (digest);
CREATE INDEX review_flags_tenant ON review_flags (tenant);
CREATE INDEX review_kinds_flag ON review_kinds (flag_id);
CREATE INDEX review_marks_flag ON review_marks (flag_id);
COMMIT;
