BEGIN TRANSACTION;
CREATE TABLE epochs (
	run_id INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	updates BIGINT NOT NULL, 
	seconds DOUBLE NOT NULL, 
	train_loss DOUBLE, 
	val_loss DOUBLE, 
	train_accuracy DOUBLE, 
	val_accuracy DOUBLE, 
	train_rmse DOUBLE, 
	val_rmse DOUBLE, 
	lr DOUBLE, 
	grad_norm DOUBLE, 
	flags BIGINT NOT NULL, 
	CONSTRAINT pk_epochs PRIMARY KEY (run_id, epoch), 
	CONSTRAINT fk_epochs_run_id_runs FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "epochs" VALUES(1,1,45,0.01,1.0,1.5,0.5,3.00000000000000044408e-01,NULL,NULL,0.01,2.0,0);
INSERT INTO "epochs" VALUES(1,2,90,0.02,NULL,0.75,0.75,0.65,NULL,NULL,0.01,1.0,1);
INSERT INTO "epochs" VALUES(1,3,135,0.03,NULL,0.5,8.3333333333333337034e-01,7.66666666666666718477e-01,NULL,NULL,0.01,6.66666666666666629659e-01,2);
CREATE TABLE layer_stats (
	run_id INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	layer INTEGER NOT NULL, 
	grad_norm DOUBLE, 
	update_ratio DOUBLE, 
	act_mean DOUBLE, 
	act_std DOUBLE, 
	saturated_frac DOUBLE, 
	dead_frac DOUBLE, 
	similarity DOUBLE, 
	flags BIGINT NOT NULL, 
	CONSTRAINT pk_layer_stats PRIMARY KEY (run_id, epoch, layer), 
	CONSTRAINT fk_layer_stats_run_id_runs FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "layer_stats" VALUES(1,2,1,0.5,NULL,0.25,0.125,0.0,0.75,NULL,4);
CREATE TABLE models (
	run_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	epoch INTEGER NOT NULL, 
	saved TEXT NOT NULL, 
	info TEXT NOT NULL, 
	state_info TEXT, 
	weights BLOB NOT NULL, 
	state BLOB, 
	CONSTRAINT pk_models PRIMARY KEY (run_id, kind), 
	CONSTRAINT fk_models_run_id_runs FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "models" VALUES(1,'last',3,'2026-01-02T03:04:05.000Z','{"layout":[]}','{"rng":1}',X'0000000300000003',X'00000003000000030000000300000003');
INSERT INTO "models" VALUES(1,'best',1,'2026-01-02T03:04:05.000Z','{"layout":[]}','{"rng":1}',X'0000000100000001',X'00000001000000010000000100000001');
CREATE TABLE nncli_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT nncli_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "nncli_version" VALUES('0001');
CREATE TABLE runs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	uuid TEXT NOT NULL, 
	name TEXT, 
	status TEXT NOT NULL, 
	data TEXT NOT NULL, 
	data_hash TEXT NOT NULL, 
	task TEXT NOT NULL, 
	seed BIGINT NOT NULL, 
	spec_hash TEXT NOT NULL, 
	sweep_id INTEGER, 
	parent TEXT, 
	created TEXT NOT NULL, 
	started TEXT NOT NULL, 
	finished TEXT, 
	heartbeat TEXT NOT NULL, 
	host TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	pid_started TEXT, 
	pid_space TEXT NOT NULL, 
	epochs INTEGER NOT NULL, 
	epochs_planned INTEGER, 
	updates BIGINT NOT NULL, 
	parameters BIGINT, 
	flags BIGINT NOT NULL, 
	train_loss DOUBLE, 
	val_loss DOUBLE, 
	train_accuracy DOUBLE, 
	val_accuracy DOUBLE, 
	train_rmse DOUBLE, 
	val_rmse DOUBLE, 
	test_loss DOUBLE, 
	test_accuracy DOUBLE, 
	test_rmse DOUBLE, 
	best_epoch INTEGER, 
	best_train_loss DOUBLE, 
	best_val_loss DOUBLE, 
	best_train_accuracy DOUBLE, 
	best_val_accuracy DOUBLE, 
	best_train_rmse DOUBLE, 
	best_val_rmse DOUBLE, 
	seconds_data DOUBLE, 
	seconds_compile DOUBLE, 
	seconds_train DOUBLE, 
	seconds_total DOUBLE, 
	samples_per_second DOUBLE, 
	dtype TEXT, 
	threads INTEGER, 
	cpu TEXT, 
	nncli_version TEXT, 
	git_commit TEXT, 
	git_dirty BOOLEAN, 
	note TEXT, 
	error TEXT, 
	spec TEXT NOT NULL, 
	versions TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	CONSTRAINT uq_runs_uuid UNIQUE (uuid)
);
INSERT INTO "runs" VALUES(1,'00000000-0000-4000-8000-000000000000','old','diverged','digits','data-1','multiclass',3,'spec-1',NULL,NULL,'2026-01-02T03:04:05.000Z','2026-01-02T03:04:05.000Z','2026-01-02T03:04:05.000Z','2026-01-02T03:04:05.000Z','elsewhere',7,'1','elsewhere, another boot',3,NULL,135,NULL,12290,NULL,0.5,8.3333333333333337034e-01,7.66666666666666718477e-01,NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'0.1.0',NULL,NULL,NULL,NULL,'{"act": "relu", "hidden": "64,32", "opt": "adam", "lr": 0.01, "batch_size": 32}','{"numpy": "2.4"}','{}');
INSERT INTO "runs" VALUES(2,'00000000-0000-4000-8000-000000000001','killed','running','digits','data-1','multiclass',3,'spec-1',NULL,NULL,'2026-01-02T03:04:05.000Z','2026-01-02T03:04:05.000Z',NULL,'2026-01-02T03:04:05.000Z','elsewhere',7,'1','elsewhere, another boot',0,NULL,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"act": "relu", "hidden": "64,32", "opt": "adam", "lr": 0.01, "batch_size": 32}','{}','{}');
CREATE TABLE tags (
	run_id INTEGER NOT NULL, 
	tag TEXT NOT NULL, 
	CONSTRAINT pk_tags PRIMARY KEY (run_id, tag), 
	CONSTRAINT fk_tags_run_id_runs FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "tags" VALUES(1,'a');
INSERT INTO "tags" VALUES(1,'b');
CREATE INDEX ix_runs_sweep_id ON runs (sweep_id);
CREATE INDEX ix_runs_name ON runs (name);
CREATE INDEX ix_runs_status ON runs (status);
CREATE INDEX ix_runs_spec_hash_data_hash ON runs (spec_hash, data_hash);
CREATE INDEX ix_tags_tag ON tags (tag);
CREATE VIEW runs_flat AS
SELECT runs.id,
  runs.uuid,
  runs.name,
  runs.status,
  runs.data,
  runs.task,
  runs.seed,
  runs.sweep_id,
  runs.epochs,
  runs.epochs_planned,
  runs.updates,
  runs.parameters,
  json_extract(runs.spec, '$.hidden') AS hidden,
  json_extract(runs.spec, '$.act') AS act,
  json_extract(runs.spec, '$.out_act') AS out_act,
  json_extract(runs.spec, '$.loss') AS loss,
  json_extract(runs.spec, '$.init') AS init,
  json_extract(runs.spec, '$.opt') AS opt,
  json_extract(runs.spec, '$.lr') AS lr,
  json_extract(runs.spec, '$.momentum') AS momentum,
  json_extract(runs.spec, '$.rho') AS rho,
  json_extract(runs.spec, '$.beta1') AS beta1,
  json_extract(runs.spec, '$.beta2') AS beta2,
  json_extract(runs.spec, '$.eps') AS eps,
  json_extract(runs.spec, '$.bias_correction') AS bias_correction,
  json_extract(runs.spec, '$.batch_size') AS batch_size,
  json_extract(runs.spec, '$.schedule') AS schedule,
  json_extract(runs.spec, '$.warmup') AS warmup,
  json_extract(runs.spec, '$.weight_decay') AS weight_decay,
  json_extract(runs.spec, '$.l1') AS l1,
  json_extract(runs.spec, '$.dropout') AS dropout,
  json_extract(runs.spec, '$.clip_norm') AS clip_norm,
  json_extract(runs.spec, '$.early_stop') AS early_stop,
  json_extract(runs.spec, '$.target') AS target,
  json_extract(runs.spec, '$.val') AS val,
  json_extract(runs.spec, '$.test') AS test,
  json_extract(runs.spec, '$.scale') AS scale,
  runs.data_hash,
  runs.spec_hash,
  runs.parent,
  runs.created,
  runs.started,
  runs.finished,
  runs.heartbeat,
  runs.host,
  runs.pid,
  runs.train_loss,
  runs.val_loss,
  runs.train_accuracy,
  runs.val_accuracy,
  runs.train_rmse,
  runs.val_rmse,
  runs.test_loss,
  runs.test_accuracy,
  runs.test_rmse,
  runs.best_epoch,
  runs.best_train_loss,
  runs.best_val_loss,
  runs.best_train_accuracy,
  runs.best_val_accuracy,
  runs.best_train_rmse,
  runs.best_val_rmse,
  runs.seconds_data,
  runs.seconds_compile,
  runs.seconds_train,
  runs.seconds_total,
  runs.samples_per_second,
  runs.dtype,
  runs.threads,
  runs.cpu,
  runs.nncli_version,
  runs.git_commit,
  runs.git_dirty,
  runs.note,
  runs.error,
  (SELECT group_concat(tag, ',') FROM (SELECT tag FROM tags WHERE run_id = runs.id ORDER BY tag)) AS tags,
  CASE WHEN runs.flags <> 0 THEN trim(CASE (runs.flags >> 0) & 3 WHEN 1 THEN 'train_loss=nan ' WHEN 2 THEN 'train_loss=+inf ' WHEN 3 THEN 'train_loss=-inf ' ELSE '' END || CASE (runs.flags >> 2) & 3 WHEN 1 THEN 'val_loss=nan ' WHEN 2 THEN 'val_loss=+inf ' WHEN 3 THEN 'val_loss=-inf ' ELSE '' END || CASE (runs.flags >> 4) & 3 WHEN 1 THEN 'train_accuracy=nan ' WHEN 2 THEN 'train_accuracy=+inf ' WHEN 3 THEN 'train_accuracy=-inf ' ELSE '' END || CASE (runs.flags >> 6) & 3 WHEN 1 THEN 'val_accuracy=nan ' WHEN 2 THEN 'val_accuracy=+inf ' WHEN 3 THEN 'val_accuracy=-inf ' ELSE '' END || CASE (runs.flags >> 8) & 3 WHEN 1 THEN 'train_rmse=nan ' WHEN 2 THEN 'train_rmse=+inf ' WHEN 3 THEN 'train_rmse=-inf ' ELSE '' END || CASE (runs.flags >> 10) & 3 WHEN 1 THEN 'val_rmse=nan ' WHEN 2 THEN 'val_rmse=+inf ' WHEN 3 THEN 'val_rmse=-inf ' ELSE '' END || CASE (runs.flags >> 12) & 3 WHEN 1 THEN 'test_loss=nan ' WHEN 2 THEN 'test_loss=+inf ' WHEN 3 THEN 'test_loss=-inf ' ELSE '' END || CASE (runs.flags >> 14) & 3 WHEN 1 THEN 'test_accuracy=nan ' WHEN 2 THEN 'test_accuracy=+inf ' WHEN 3 THEN 'test_accuracy=-inf ' ELSE '' END || CASE (runs.flags >> 16) & 3 WHEN 1 THEN 'test_rmse=nan ' WHEN 2 THEN 'test_rmse=+inf ' WHEN 3 THEN 'test_rmse=-inf ' ELSE '' END || CASE (runs.flags >> 18) & 3 WHEN 1 THEN 'best_train_loss=nan ' WHEN 2 THEN 'best_train_loss=+inf ' WHEN 3 THEN 'best_train_loss=-inf ' ELSE '' END || CASE (runs.flags >> 20) & 3 WHEN 1 THEN 'best_val_loss=nan ' WHEN 2 THEN 'best_val_loss=+inf ' WHEN 3 THEN 'best_val_loss=-inf ' ELSE '' END || CASE (runs.flags >> 22) & 3 WHEN 1 THEN 'best_train_accuracy=nan ' WHEN 2 THEN 'best_train_accuracy=+inf ' WHEN 3 THEN 'best_train_accuracy=-inf ' ELSE '' END || CASE (runs.flags >> 24) & 3 WHEN 1 THEN 'best_val_accuracy=nan ' WHEN 2 THEN 'best_val_accuracy=+inf ' WHEN 3 THEN 'best_val_accuracy=-inf ' ELSE '' END || CASE (runs.flags >> 26) & 3 WHEN 1 THEN 'best_train_rmse=nan ' WHEN 2 THEN 'best_train_rmse=+inf ' WHEN 3 THEN 'best_train_rmse=-inf ' ELSE '' END || CASE (runs.flags >> 28) & 3 WHEN 1 THEN 'best_val_rmse=nan ' WHEN 2 THEN 'best_val_rmse=+inf ' WHEN 3 THEN 'best_val_rmse=-inf ' ELSE '' END) END AS nonfinite
FROM runs;
CREATE VIEW curves AS
SELECT epochs.run_id,
  runs.name,
  runs.status,
  runs.data,
  runs.seed,
  epochs.epoch,
  epochs.updates,
  epochs.seconds,
  epochs.train_loss,
  epochs.val_loss,
  epochs.train_accuracy,
  epochs.val_accuracy,
  epochs.train_rmse,
  epochs.val_rmse,
  epochs.lr,
  epochs.grad_norm,
  CASE WHEN epochs.flags <> 0 THEN trim(CASE (epochs.flags >> 0) & 3 WHEN 1 THEN 'train_loss=nan ' WHEN 2 THEN 'train_loss=+inf ' WHEN 3 THEN 'train_loss=-inf ' ELSE '' END || CASE (epochs.flags >> 2) & 3 WHEN 1 THEN 'val_loss=nan ' WHEN 2 THEN 'val_loss=+inf ' WHEN 3 THEN 'val_loss=-inf ' ELSE '' END || CASE (epochs.flags >> 4) & 3 WHEN 1 THEN 'train_accuracy=nan ' WHEN 2 THEN 'train_accuracy=+inf ' WHEN 3 THEN 'train_accuracy=-inf ' ELSE '' END || CASE (epochs.flags >> 6) & 3 WHEN 1 THEN 'val_accuracy=nan ' WHEN 2 THEN 'val_accuracy=+inf ' WHEN 3 THEN 'val_accuracy=-inf ' ELSE '' END || CASE (epochs.flags >> 8) & 3 WHEN 1 THEN 'train_rmse=nan ' WHEN 2 THEN 'train_rmse=+inf ' WHEN 3 THEN 'train_rmse=-inf ' ELSE '' END || CASE (epochs.flags >> 10) & 3 WHEN 1 THEN 'val_rmse=nan ' WHEN 2 THEN 'val_rmse=+inf ' WHEN 3 THEN 'val_rmse=-inf ' ELSE '' END || CASE (epochs.flags >> 12) & 3 WHEN 1 THEN 'lr=nan ' WHEN 2 THEN 'lr=+inf ' WHEN 3 THEN 'lr=-inf ' ELSE '' END || CASE (epochs.flags >> 14) & 3 WHEN 1 THEN 'grad_norm=nan ' WHEN 2 THEN 'grad_norm=+inf ' WHEN 3 THEN 'grad_norm=-inf ' ELSE '' END) END AS nonfinite
FROM epochs JOIN runs ON runs.id = epochs.run_id;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('runs',2);
COMMIT;
