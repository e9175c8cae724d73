-- How much of each of its GPUs a deployment holds, in thousandths. gpus.deployment_id names one of those that share a card.
ALTER TABLE rigger_deployments ADD COLUMN gpu_milli INTEGER NOT NULL DEFAULT 1000;
