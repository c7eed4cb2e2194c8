#!/usr/bin/env bash
#SBATCH --job-name=nncli
#SBATCH --array=0-9
#SBATCH --cpus-per-task=2
#SBATCH --time=01:00:00
#SBATCH --output=nncli-%A-%a.log
# One sweep, shared by ten tasks of a Slurm array: every run is claimed by one of them, and what a task that was killed has
# left is done by the others. So a task may be requeued, and the array submitted again.
#
#     sbatch experiments/slurm_array.sh                    # `nncli sweep`, all tasks on one sweep
#     sbatch experiments/slurm_array.sh train              # one seed a task, by `nncli train --if-missing`
#
# NNCLI_DB names the database. Tasks on several machines need PostgreSQL,
# NNCLI_DB=postgresql+psycopg://user@host/database; SQLite serves where all of them run on one, since its locks do not
# hold on most network file systems.
set -euo pipefail

task=${SLURM_ARRAY_TASK_ID:?"not in an array: submit it by sbatch $0"}
threads=${SLURM_CPUS_PER_TASK:-1}
epochs=${EPOCHS:-30}

case ${1:-sweep} in
sweep)
    nncli sweep digits --opt sgd,adam --lr 0.001,0.01,0.1 --seeds 10 --epochs "$epochs" \
        --name array --jobs "$threads" --quiet
    ;;
train)
    for opt in sgd adam; do
        nncli train digits --opt "$opt" --lr 0.01 --seed "$task" --epochs "$epochs" \
            --threads "$threads" --tag array --if-missing --quiet
    done
    ;;
*)
    echo "unknown share '$1': expected sweep or train" >&2
    exit 2
    ;;
esac
