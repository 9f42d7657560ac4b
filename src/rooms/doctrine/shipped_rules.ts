import type { z } from "zod";
import type { said } from "./record.ts";

type Words = { [field in keyof typeof said]?: z.input<(typeof said)[field]> };
export type Shipped = {
  words: Words & { title: string; rule: string };
  mechanisms: readonly string[];
  gates?: readonly string[];
  /** Stands in the brief of every seat, as long as its tenant says nothing else. */
  principle?: true;
};

/** How work is numbered, claimed and ended. */
export const workRules: readonly Shipped[] = [
  {
    principle: true,
    words: {
      title: "A number is reserved where it is written",
      rule:
        "Take a ticket's number and file the ticket in one act, at the server. Without the server file with a " +
        "provisional id and let it be confirmed or renumbered. Never reuse a number or rename by editing a post.",
      tags: ["numbers", "tickets"],
      activation_test: "Am I about to write a ticket's number that this server has not just given me?",
      applies: "Every namespace and every seat.",
      applies_not: "Citing a number that stands already.",
      rationale: "Whoever reads what is taken and then takes the next number does so beside somebody else who does.",
      evidence: [
        "Two seats filed different content under one number 6 minutes and 5 seconds apart, on 2026-04-15.",
        "A sub-agent's mass dispatch took a number that was 19 minutes and 44 seconds old, on 2026-04-16.",
        "A seat that nobody could see claimed a number 13 minutes after it was filed, on 2026-04-16.",
      ],
      violated_by: ["collision.opened"],
      review_triggers: [
        "not no_collision window=P90D patterns=simultaneous_filing",
        "not no_collision window=P90D patterns=mass_dispatch",
        "not no_collision window=P90D patterns=unseen_actor",
      ],
    },
    mechanisms: [
      ...["refusal:reservation.held", "refusal:reservation.used", "refusal:reservation.other_content"],
      ...["constraint:tickets_pkey", "constraint:series_pkey"],
    ],
    gates: [
      "M1: observations_at_least n=1",
      "M2: observations_at_least n=2",
      "M2: mechanism_runs",
      "M3: no_collision window=P7D patterns=simultaneous_filing,mass_dispatch,unseen_actor",
      "M4: reserve_backed_everywhere window=P14D",
      "M4: bypasses_refused codes=reservation.held,reservation.used,reservation.other_content",
    ],
  },
  {
    principle: true,
    words: {
      title: "Claim it before you change it",
      rule:
        "Hold the ticket that your change belongs to, and name it in each commit. Nothing to hold: claim one of your " +
        "lane, or file one. Somebody else holds it: work on another.",
      tags: ["claims"],
      activation_test: "Am I about to change something for a ticket that I do not hold?",
      rationale: "Two who do the same work undo each other, and nobody can say afterwards whose it was.",
      evidence: ["Two seats finished one number with different work, and the earlier filing lost it."],
    },
    mechanisms: ["policy:claim-first", "policy:claim-what-you-land", "refusal:surface.held"],
  },
  {
    principle: true,
    words: {
      title: "End no turn beside your own open follow-on",
      rule:
        "Before you stop, look at what you filed yourself and nobody has claimed. Claim it, or name why not: no " +
        "capacity, handed over, or it needs another lane's knowledge.",
      tags: ["turns"],
      activation_test: "Have I filed something in this session that I could go on with now?",
      rationale: "A report of what could be done next is not work, and the next seat starts cold.",
      evidence: ["A seat filed three follow-ons within 30 seconds, reported them, and stopped, on 2026-04-16."],
    },
    mechanisms: ["refusal:turn.unfinished"],
  },
  {
    principle: true,
    words: {
      title: "Done is what somebody else can check",
      rule:
        "Finish with an artifact that exists because of the ticket, and a command that proves it from any clone. " +
        "Merged, deployed and observed are receipts of their own.",
      tags: ["done"],
      activation_test: "Could a stranger with a clean clone see that this is done?",
      rationale: "A DONE without an artifact counts as progress on every list, and is none.",
      evidence: [
        "A deliverable lay on its author's machine only, and a second one named a commit that failed.",
        "812 DONEs in 48 hours, of which 62 changed something that a user sees.",
      ],
    },
    mechanisms: ["refusal:finish.unproven", "event:ticket.refuted", "event:substance.flagged"],
  },
  {
    principle: true,
    words: {
      title: "Words clear nothing; a transition does",
      rule:
        "That what was waited for is there does not unblock a ticket, and a post that says so moves nothing. Say the " +
        "transition, with its proof: release, repair of the state, or the lapse of a claim.",
      tags: ["queue", "posts"],
      activation_test: "Do I want a ticket's state to change by what I write?",
      rationale: "Readers believe the text, the queue believes the state, and the ticket lies there.",
      evidence: ["Tickets stayed blocked for over an hour after posts had told that their blockers were gone."],
    },
    mechanisms: ["refusal:state.needs_proof", "refusal:ticket.waits"],
  },
  {
    words: {
      title: "A ruling settles all that hangs on it",
      rule:
        "Whoever rules on a collision or a duplicate names in the same act what becomes of every ticket that waits " +
        "for it. A wait cycle that the ruling is part of is broken by it.",
      tags: ["collisions", "rulings"],
      activation_test: "Does anything wait for the ticket that I rule on?",
      rationale: "What a ruling leaves out waits for something that will never happen.",
      evidence: ["Four rulings left their dependents stuck for 56 to 81 minutes, one of them in a circle."],
    },
    mechanisms: ["refusal:ruling.unsettled"],
  },
  {
    words: {
      title: "One surface, one owner",
      rule: "Name the thing that you change. Who holds its key changes it; a second one waits or takes other work.",
      tags: ["claims", "surfaces"],
      activation_test: "Does another ticket change the same thing under another number?",
      rationale: "Two tickets with different numbers can be the same change.",
      evidence: ["A branch named for one ticket changed what two others were about."],
    },
    mechanisms: ["refusal:surface.held", "constraint:one_claim_per_surface"],
  },
  {
    words: {
      title: "A sub-agent acts under its parent's name",
      rule: "Call it PARENT/suffix, give it less than you may, and let it give out neither a number nor an identity.",
      tags: ["seats"],
      activation_test: "Does a process that I started write under a name of its own?",
      rationale: "A seat that nobody adopted cannot be asked, woken or stopped.",
      evidence: ["A sub-agent named itself a seat, and left commits and a worktree that belonged to nobody."],
    },
    mechanisms: ["refusal:sub_agent.allocates", "refusal:sub_agent.depth", "refusal:scope.not_smaller"],
  },
];

/** Who decides, who lands, and what is believed of it. */
export const landingRules: readonly Shipped[] = [
  {
    principle: true,
    words: {
      title: "A boundary comes with what to do instead",
      rule: "Write no prohibition without its protocol. When you meet a denial, run the command that it names.",
      tags: ["policy"],
      activation_test: "Does this rule leave its reader knowing only what not to do?",
      rationale: "Who is only told no looks for a way around, and under pressure finds one.",
      evidence: ["Production was down for 30 seconds: the rule was known, and what to do instead was not."],
    },
    mechanisms: ["constraint:boundary_with_protocol", "constraint:denial_has_protocol", "refusal:policy.malformed"],
  },
  {
    principle: true,
    words: {
      title: "Who decides does not execute",
      rule:
        "A strategist under pressure to ship checks who is idle, splits the work, and dispatches it. Only an " +
        "implementer that holds the ticket puts anything into production.",
      tags: ["roles"],
      activation_test: "Am I about to land something because it would be quicker than handing it over?",
      rationale: "The one who should see the whole is then the one who looks at a single patch.",
      evidence: ["A strategist deployed a partial patch while three implementers were idle, on 2026-04-16."],
    },
    mechanisms: ["policy:strategists-delegate", "policy:implementers-land"],
  },
  {
    words: {
      title: "A dispatch is delivered, taken and judged apart",
      rule: "That work was given is no sign that it was read, taken up or accepted: wait for the receipt that says so.",
      tags: ["delegation", "receipts"],
      activation_test: "Do I count on something of which I only know that it was sent?",
      rationale: "Each of these can fail alone, and a list that has only the first shows none of it.",
      evidence: ["Dispatches went to sessions that had ended, and were counted as under way."],
    },
    mechanisms: ["constraint:receipts_follow_dispatch", "refusal:verdict.unreasoned"],
  },
  {
    words: {
      title: "Topology is recorded, not remembered",
      rule: "Say where something is deployed from only as it is recorded. To change it, record it first.",
      tags: ["landing"],
      activation_test: "Do I name a branch or a command of a deploy from memory?",
      rationale: "What was true last week is repeated in words for as long as nobody checks them.",
      evidence: ["A ticket sent a deploy to a branch that had not been served for two days."],
    },
    mechanisms: ["refusal:topology.contradicted"],
  },
  {
    words: {
      title: "A patch lands with all that it needs",
      rule: "Look what the changed files import, route and migrate, on the tree that results. Take it along, or stop.",
      tags: ["landing"],
      activation_test: "Did I pick commits onto a base that they were not written on?",
      rationale: "The patch is right and the base is wrong, which no look at the patch shows.",
      evidence: ["Two files were picked onto a release without the routes that they called."],
    },
    mechanisms: ["policy:whole-patches-land", "constraint:incomplete_is_refused"],
  },
  {
    words: {
      title: "A credential comes after its guard",
      rule: "Provision a credential once the guard that limits it is in the release that is served.",
      tags: ["landing", "credentials"],
      activation_test: "Is the code that limits this key already running?",
      rationale: "A key without its guard is open from the moment it is there.",
      evidence: ["A mail key was live while the gate for it lay 118 files deep on a branch."],
    },
    mechanisms: ["refusal:guard.unserved"],
  },
  {
    words: {
      title: "Consent is the operator's own words",
      rule: "Quote what was said, for exactly what it was said for. A paraphrase or an earlier yes is none.",
      tags: ["authority"],
      activation_test: "Is this yes in the operator's words, and about this?",
      rationale: "Each summary of a permission is a little larger than the permission.",
      evidence: ["A narrower yes was carried forward to what it did not name."],
    },
    mechanisms: ["refusal:consent.paraphrased", "refusal:consent.out_of_scope", "constraint:consent_is_scoped"],
  },
  {
    words: {
      title: "To relabel is not to decide",
      rule: "A question keeps its age through every change of its owner. Decide it, or say what keeps you from it.",
      tags: ["decisions"],
      activation_test: "Does this change who is asked, and answer nothing?",
      rationale: "Each hand-over looks like progress, and what waits goes on waiting.",
      evidence: ["Eight questions changed their owner and none was answered, in 65 minutes."],
      violated_by: ["decisions.stalled"],
    },
    mechanisms: ["constraint:question_keeps_its_age", "event:decisions.stalled"],
  },
  {
    words: {
      title: "Seven principles, and the rest where they apply",
      rule: "Give a seat at most seven rules to start with. Tell every other one where it is about to be broken.",
      tags: ["doctrine"],
      activation_test: "Do I want to add a rule to what every seat reads?",
      rationale: "What is read at the start is forgotten within a context window, and more of it sooner.",
      evidence: ["With more than 80 rules in the prompt, three failed together within 48 hours."],
    },
    mechanisms: ["constraint:at_most_seven_principles"],
  },
];
