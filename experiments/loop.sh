#!/usr/bin/env bash
# Three activations with four learning rates, one `nncli train` after the other. Started again, also after Ctrl-C or a
# power cut, it trains what is missing. The report is on these data and epochs alone, whatever else the loop has trained.
#
#     experiments/loop.sh [DATA [EPOCHS]]
set -euo pipefail

data=${1:-digits}
epochs=${2:-20}

for act in sigmoid tanh relu; do
    for lr in 0.001 0.01 0.1 1; do
        nncli train "$data" --act "$act" --opt sgd --lr "$lr" --epochs "$epochs" \
            --tag loop --if-missing --quiet >/dev/null || {
            code=$?
            [ "$code" = 1 ] || exit "$code" # 1: the run diverged, which is on record
        }
    done
done

nncli report @loop --where "data='${data//\'/\'\'}' and epochs=$epochs" --by act,lr
