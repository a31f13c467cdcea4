BEGIN TRANSACTION;
CREATE TABLE access_grant (
	hash VARCHAR NOT NULL, 
	community_id INTEGER NOT NULL, 
	role VARCHAR(32) NOT NULL, 
	person_id VARCHAR, 
	name VARCHAR NOT NULL, 
	created_ms BIGINT NOT NULL, 
	expires_ms BIGINT NOT NULL, 
	kind VARCHAR NOT NULL, 
	CONSTRAINT pk_access_grant PRIMARY KEY (hash), 
	CONSTRAINT fk_access_grant_community_id FOREIGN KEY(community_id) REFERENCES community (id)
);
CREATE TABLE account (
	id VARCHAR NOT NULL, 
	community_id INTEGER NOT NULL, 
	person_id VARCHAR NOT NULL, 
	username VARCHAR NOT NULL, 
	password_hash VARCHAR NOT NULL, 
	role VARCHAR(32) NOT NULL, 
	version INTEGER DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_account PRIMARY KEY (id), 
	CONSTRAINT fk_account_community_id_person_id FOREIGN KEY(community_id, person_id) REFERENCES person (community_id, id), 
	CONSTRAINT fk_account_community_id FOREIGN KEY(community_id) REFERENCES community (id), 
	CONSTRAINT uq_account_community_id_username UNIQUE (community_id, username)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE alert (
	id VARCHAR NOT NULL, 
	community_id INTEGER NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	joins VARCHAR NOT NULL, 
	device VARCHAR NOT NULL, 
	button VARCHAR NOT NULL, 
	place VARCHAR NOT NULL, 
	home_id VARCHAR, 
	opened_ms BIGINT NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	rung INTEGER NOT NULL, 
	due_ms BIGINT, 
	remind_ms BIGINT, 
	pressed_ms JSON NOT NULL, 
	stage_seq INTEGER NOT NULL, 
	acceptor_id VARCHAR, 
	accepted_ms BIGINT, 
	promised_ms BIGINT, 
	arrived_ms BIGINT, 
	closed_ms BIGINT, 
	is_exercise BOOLEAN NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_alert PRIMARY KEY (id), 
	CONSTRAINT ck_alert_one_deadline CHECK ((state = 'closed') = (due_ms IS NULL)), 
	CONSTRAINT fk_alert_community_id FOREIGN KEY(community_id) REFERENCES community (id)
);
INSERT INTO "alert" VALUES('alert-1',1,'call','home-9-1-101','dev-9','9-1-101','building-9','home-9-1-101',1800000000000,'open',0,1800000045000,1800000015000,'[1800000000000]',0,NULL,NULL,NULL,NULL,NULL,0,1);
CREATE TABLE announcement (
	id VARCHAR NOT NULL, 
	community_id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	priority INTEGER NOT NULL, 
	title VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	spoken VARCHAR NOT NULL, 
	places JSON NOT NULL, 
	audio_sha256 VARCHAR NOT NULL, 
	duration_ms INTEGER NOT NULL, 
	repeat INTEGER NOT NULL, 
	play_at_ms BIGINT NOT NULL, 
	valid_until_ms BIGINT NOT NULL, 
	created_ms BIGINT NOT NULL, 
	created_by VARCHAR NOT NULL, 
	stopped_ms BIGINT, 
	is_exercise BOOLEAN NOT NULL, 
	CONSTRAINT pk_announcement PRIMARY KEY (id), 
	CONSTRAINT fk_announcement_community_id FOREIGN KEY(community_id) REFERENCES community (id)
);
INSERT INTO "announcement" VALUES('ann-1',1,'notice',100,'停水','明天8点停水。','明天八点停水。','["grid-1","building-9"]','abababababababababababababababababababababababababababababababab',4200,2,1800000000600,1800000060000,1800000000000,'p1',NULL,0);
CREATE TABLE assignment (
	id INTEGER NOT NULL, 
	community_id INTEGER NOT NULL, 
	person_id VARCHAR NOT NULL, 
	place VARCHAR NOT NULL, 
	duty VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_assignment PRIMARY KEY (id), 
	CONSTRAINT fk_assignment_community_id_person_id FOREIGN KEY(community_id, person_id) REFERENCES person (community_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_assignment_community_id FOREIGN KEY(community_id) REFERENCES community (id), 
	CONSTRAINT uq_assignment_community_id_person_id_place_duty UNIQUE (community_id, person_id, place, duty)
);
CREATE TABLE button (
	community_id INTEGER NOT NULL, 
	device VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	home_id VARCHAR, 
	output VARCHAR NOT NULL, 
	version INTEGER DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_button PRIMARY KEY (device, name), 
	CONSTRAINT fk_button_community_id_home_id FOREIGN KEY(community_id, home_id) REFERENCES home (community_id, id), 
	CONSTRAINT fk_button_community_id FOREIGN KEY(community_id) REFERENCES community (id), 
	CONSTRAINT fk_button_device FOREIGN KEY(device) REFERENCES device (id)
);
INSERT INTO "button" VALUES(1,'dev-9','9-1-101','home-9-1-101','home',1);
INSERT INTO "button" VALUES(1,'dev-9','hall',NULL,'shared',1);
CREATE TABLE community (
	id INTEGER NOT NULL, 
	slug VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	timezone VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	version INTEGER DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_community PRIMARY KEY (id), 
	CONSTRAINT uq_community_slug UNIQUE (slug)
);
INSERT INTO "community" VALUES(1,'qingxi','清溪社区','Asia/Shanghai','zh',1);
CREATE TABLE contact (
	community_id INTEGER NOT NULL, 
	person_id VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	channel VARCHAR(32) NOT NULL, 
	address VARCHAR NOT NULL, 
	CONSTRAINT pk_contact PRIMARY KEY (community_id, person_id, position), 
	CONSTRAINT fk_contact_community_id_person_id FOREIGN KEY(community_id, person_id) REFERENCES person (community_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_contact_community_id FOREIGN KEY(community_id) REFERENCES community (id)
);
INSERT INTO "contact" VALUES(1,'p1',0,'ntfy','topic-1');
INSERT INTO "contact" VALUES(1,'p1',1,'page','');
INSERT INTO "contact" VALUES(1,'p2',0,'page','');
CREATE TABLE device (
	id VARCHAR NOT NULL, 
	community_id INTEGER NOT NULL, 
	place VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	session VARCHAR NOT NULL, 
	agent VARCHAR NOT NULL, 
	heard_ms BIGINT, 
	clock_offset_ms DOUBLE, 
	outbox INTEGER, 
	volume DOUBLE NOT NULL, 
	proved_ms JSON NOT NULL, 
	version INTEGER DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_device PRIMARY KEY (id), 
	CONSTRAINT fk_device_community_id_place FOREIGN KEY(community_id, place) REFERENCES place (community_id, slug), 
	CONSTRAINT fk_device_community_id FOREIGN KEY(community_id) REFERENCES community (id)
);
INSERT INTO "device" VALUES('dev-10',1,'building-10','','','',NULL,NULL,NULL,1.0,'{}',1);
INSERT INTO "device" VALUES('dev-9',1,'building-9','','','',NULL,NULL,NULL,1.0,'{}',1);
CREATE TABLE home (
	community_id INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	place VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	version INTEGER DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_home PRIMARY KEY (community_id, id), 
	CONSTRAINT fk_home_community_id_place FOREIGN KEY(community_id, place) REFERENCES place (community_id, slug), 
	CONSTRAINT fk_home_community_id FOREIGN KEY(community_id) REFERENCES community (id)
);
INSERT INTO "home" VALUES(1,'home-9-1-101','building-9','9栋1单元101室',1);
INSERT INTO "home" VALUES(1,'home-9-2-101','building-9-unit-2','9栋2单元101室',1);
INSERT INTO "home" VALUES(1,'home-10-1-101','building-10','10栋1单元101室',1);
CREATE TABLE journal (
	id INTEGER NOT NULL, 
	community_id INTEGER NOT NULL, 
	alert_id VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	what VARCHAR NOT NULL, 
	actor VARCHAR NOT NULL, 
	detail JSON NOT NULL, 
	CONSTRAINT pk_journal PRIMARY KEY (id), 
	CONSTRAINT fk_journal_alert_id FOREIGN KEY(alert_id) REFERENCES alert (id), 
	CONSTRAINT fk_journal_community_id FOREIGN KEY(community_id) REFERENCES community (id)
);
CREATE TABLE notification (
	id VARCHAR NOT NULL, 
	community_id INTEGER NOT NULL, 
	alert_id VARCHAR NOT NULL, 
	person_id VARCHAR, 
	channel VARCHAR(32) NOT NULL, 
	address VARCHAR NOT NULL, 
	purpose VARCHAR(32) NOT NULL, 
	about_person_id VARCHAR, 
	rung INTEGER NOT NULL, 
	created_ms BIGINT NOT NULL, 
	due_ms BIGINT NOT NULL, 
	state VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	sent_ms BIGINT, 
	error VARCHAR NOT NULL, 
	CONSTRAINT pk_notification PRIMARY KEY (id), 
	CONSTRAINT ck_notification_state CHECK (state IN ('due', 'sent', 'failed', 'dropped')), 
	CONSTRAINT fk_notification_alert_id FOREIGN KEY(alert_id) REFERENCES alert (id), 
	CONSTRAINT fk_notification_community_id FOREIGN KEY(community_id) REFERENCES community (id)
);
INSERT INTO "notification" VALUES('note-1',1,'alert-1','p1','ntfy','topic-1','ask',NULL,0,1800000000000,1800000000000,'due',0,NULL,'');
CREATE TABLE person (
	community_id INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	phone VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	link_hash VARCHAR, 
	version INTEGER DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_person PRIMARY KEY (community_id, id), 
	CONSTRAINT fk_person_community_id FOREIGN KEY(community_id) REFERENCES community (id), 
	CONSTRAINT uq_person_link_hash UNIQUE (link_hash)
);
INSERT INTO "person" VALUES(1,'p1','王芳','000-0000-0001','zh',NULL,1);
INSERT INTO "person" VALUES(1,'p2','Li Lei','000-0000-0002','en',NULL,1);
CREATE TABLE place (
	id INTEGER NOT NULL, 
	community_id INTEGER NOT NULL, 
	slug VARCHAR NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	name VARCHAR NOT NULL, 
	parent VARCHAR NOT NULL, 
	x DOUBLE NOT NULL, 
	y DOUBLE NOT NULL, 
	version INTEGER DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_place PRIMARY KEY (id), 
	CONSTRAINT fk_place_community_id FOREIGN KEY(community_id) REFERENCES community (id), 
	CONSTRAINT uq_place_community_id_slug UNIQUE (community_id, slug)
);
INSERT INTO "place" VALUES(1,1,'building-10','building','10栋','grid-1',1.5,-2.0,1);
INSERT INTO "place" VALUES(2,1,'all','community','清溪社区','',0.0,0.0,1);
INSERT INTO "place" VALUES(3,1,'grid-1','grid','第一网格','all',0.0,0.0,1);
INSERT INTO "place" VALUES(4,1,'building-9','building','9栋','grid-1',0.0,0.0,1);
INSERT INTO "place" VALUES(5,1,'building-9-unit-2','unit','9栋2单元','building-9',0.0,0.0,1);
CREATE TABLE press (
	id INTEGER NOT NULL, 
	community_id INTEGER NOT NULL, 
	device VARCHAR NOT NULL, 
	press_id VARCHAR NOT NULL, 
	pressed_at_ms BIGINT NOT NULL, 
	seq BIGINT NOT NULL, 
	button VARCHAR NOT NULL, 
	gesture VARCHAR NOT NULL, 
	received_ms BIGINT NOT NULL, 
	alert_id VARCHAR, 
	is_new_alert BOOLEAN NOT NULL, 
	episode_id VARCHAR, 
	raw BLOB, 
	"key" VARCHAR NOT NULL GENERATED ALWAYS AS (device || '/' || press_id || '/' || CAST(pressed_at_ms AS TEXT) || '/' || CAST(seq AS TEXT) || '/' || gesture || '/' || button) STORED, 
	CONSTRAINT pk_press PRIMARY KEY (id), 
	CONSTRAINT fk_press_alert_id FOREIGN KEY(alert_id) REFERENCES alert (id), 
	CONSTRAINT fk_press_community_id FOREIGN KEY(community_id) REFERENCES community (id), 
	CONSTRAINT uq_press_key UNIQUE ("key")
);
INSERT INTO "press" VALUES(1,1,'dev-9','press-1',1799999999600,41,'9-1-101','press',1800000000000,NULL,0,NULL,NULL);
CREATE TABLE progress (
	community_id INTEGER NOT NULL, 
	announcement_id VARCHAR NOT NULL, 
	device VARCHAR NOT NULL, 
	place VARCHAR NOT NULL, 
	reached VARCHAR(32) NOT NULL, 
	at_ms JSON NOT NULL, 
	started_ms BIGINT, 
	reason VARCHAR NOT NULL, 
	is_heard BOOLEAN, 
	correlation DOUBLE, 
	lag_ms DOUBLE, 
	level_dbfs DOUBLE, 
	CONSTRAINT pk_progress PRIMARY KEY (announcement_id, device), 
	CONSTRAINT fk_progress_announcement_id FOREIGN KEY(announcement_id) REFERENCES announcement (id), 
	CONSTRAINT fk_progress_community_id FOREIGN KEY(community_id) REFERENCES community (id)
);
INSERT INTO "progress" VALUES(1,'ann-1','dev-9','building-9','sent','{}',NULL,'',NULL,NULL,NULL,NULL);
CREATE TABLE resident (
	community_id INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	home_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	born_year INTEGER, 
	notes VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	version INTEGER DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_resident PRIMARY KEY (community_id, id), 
	CONSTRAINT fk_resident_community_id_home_id FOREIGN KEY(community_id, home_id) REFERENCES home (community_id, id), 
	CONSTRAINT fk_resident_community_id FOREIGN KEY(community_id) REFERENCES community (id)
);
CREATE TABLE shift (
	id INTEGER NOT NULL, 
	community_id INTEGER NOT NULL, 
	person_id VARCHAR NOT NULL, 
	place VARCHAR NOT NULL, 
	weekday INTEGER NOT NULL, 
	start_minute INTEGER NOT NULL, 
	end_minute INTEGER NOT NULL, 
	CONSTRAINT pk_shift PRIMARY KEY (id), 
	CONSTRAINT ck_shift_minutes CHECK (start_minute BETWEEN 0 AND 1439 AND end_minute BETWEEN 0 AND 1440), 
	CONSTRAINT ck_shift_weekday CHECK (weekday BETWEEN 0 AND 6), 
	CONSTRAINT fk_shift_community_id_person_id FOREIGN KEY(community_id, person_id) REFERENCES person (community_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_shift_community_id_place FOREIGN KEY(community_id, place) REFERENCES place (community_id, slug), 
	CONSTRAINT fk_shift_community_id FOREIGN KEY(community_id) REFERENCES community (id)
);
CREATE TABLE sound (
	community_id INTEGER NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	opus BLOB NOT NULL, 
	duration_ms INTEGER NOT NULL, 
	created_ms BIGINT NOT NULL, 
	CONSTRAINT pk_sound PRIMARY KEY (community_id, sha256), 
	CONSTRAINT fk_sound_community_id FOREIGN KEY(community_id) REFERENCES community (id)
);
CREATE TABLE telling (
	id VARCHAR NOT NULL, 
	community_id INTEGER NOT NULL, 
	alert_id VARCHAR NOT NULL, 
	device VARCHAR NOT NULL, 
	button VARCHAR NOT NULL, 
	stage VARCHAR(32) NOT NULL, 
	stage_seq INTEGER NOT NULL, 
	person_id VARCHAR, 
	minutes INTEGER, 
	created_ms BIGINT NOT NULL, 
	sent_ms BIGINT, 
	CONSTRAINT pk_telling PRIMARY KEY (id), 
	CONSTRAINT fk_telling_alert_id FOREIGN KEY(alert_id) REFERENCES alert (id), 
	CONSTRAINT fk_telling_community_id FOREIGN KEY(community_id) REFERENCES community (id)
);
INSERT INTO "telling" VALUES('tell-1',1,'alert-1','dev-9','9-1-101','recorded',0,NULL,NULL,1800000000000,NULL);
CREATE INDEX ix_alert_community_id_opened_ms ON alert (community_id, opened_ms);
CREATE INDEX ix_alert_due ON alert (community_id, due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX ix_alert_remind ON alert (community_id, remind_ms) WHERE remind_ms IS NOT NULL;
CREATE UNIQUE INDEX uq_alert_not_closed ON alert (community_id, joins) WHERE state <> 'closed';
CREATE INDEX ix_announcement_community_id_created_ms ON announcement (community_id, created_ms);
CREATE INDEX ix_announcement_community_id_valid_until_ms ON announcement (community_id, valid_until_ms);
CREATE INDEX ix_assignment_community_id_place ON assignment (community_id, place);
CREATE INDEX ix_device_community_id_place ON device (community_id, place);
CREATE INDEX ix_home_community_id_place ON home (community_id, place);
CREATE INDEX ix_journal_alert_id ON journal (alert_id);
CREATE INDEX ix_notification_alert_id ON notification (alert_id);
CREATE INDEX ix_notification_due ON notification (community_id, due_ms) WHERE state = 'due';
CREATE INDEX ix_press_alert_id ON press (alert_id);
CREATE INDEX ix_press_community_id_device_button_received_ms ON press (community_id, device, button, received_ms);
CREATE INDEX ix_shift_community_id_person_id ON shift (community_id, person_id);
CREATE INDEX ix_telling_alert_id ON telling (alert_id);
CREATE INDEX ix_telling_unsent ON telling (community_id, created_ms) WHERE sent_ms IS NULL;
CREATE INDEX ix_button_community_id_home_id ON button (community_id, home_id);
CREATE INDEX ix_resident_community_id_home_id ON resident (community_id, home_id);
COMMIT;
