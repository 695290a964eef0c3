"""WikiEvents: attacks, disasters and their aftermath in news, sentence by sentence; never trained on.

Paper: https://aclanthology.org/2021.naacl-main.69
Format: JSON lines, a document each, in the KAIROS classification of three levels.
"""

import re

from ..readers.token_events import read_wikievents
from ..source import File, Source

# As in event_role_KAIROS.json; the four types that it lacks, RequestCommand and ThreatenCoerce in detail, have the
# roles of their kind.
_ROLES = {
    "ArtifactExistence.DamageDestroyDisableDismantle.Damage": "Damager Artifact Instrument Place",
    "ArtifactExistence.DamageDestroyDisableDismantle.Destroy": "Destroyer Artifact Instrument Place",
    "ArtifactExistence.DamageDestroyDisableDismantle.DisableDefuse": "Disabler Artifact Instrument Place",
    "ArtifactExistence.DamageDestroyDisableDismantle.Dismantle": "Dismantler Artifact Instrument Components Place",
    "ArtifactExistence.DamageDestroyDisableDismantle.Unspecified": "DamagerDestroyer Artifact Instrument Place",
    "ArtifactExistence.ManufactureAssemble.Unspecified": "ManufacturerAssembler Artifact Components Instrument Place",
    "Cognitive.IdentifyCategorize.Unspecified": "Identifier IdentifiedObject IdentifiedRole Place",
    "Cognitive.Inspection.SensoryObserve": "Observer ObservedEntity Instrument Place",
    "Cognitive.Research.Unspecified": "Researcher Subject Means Place",
    "Cognitive.TeachingTrainingLearning.Unspecified": "TeacherTrainer FieldOfKnowledge Learner Means "
    "Institution Place",
    "Conflict.Attack.DetonateExplode": "Attacker Target Instrument ExplosiveDevice Place",
    "Conflict.Attack.Unspecified": "Attacker Target Instrument Place",
    "Conflict.Defeat.Unspecified": "Victor Defeated ConflictOrElection Place",
    "Conflict.Demonstrate.DemonstrateWithViolence": "Demonstrator Regulator VisualDisplay Topic Target Place",
    "Conflict.Demonstrate.Unspecified": "Demonstrator Regulator VisualDisplay Topic Target Place",
    "Contact.Contact.Broadcast": "Communicator Recipient Instrument Topic Place",
    "Contact.Contact.Correspondence": "Participant Instrument Topic Place",
    "Contact.Contact.Meet": "Participant Topic Place",
    "Contact.Contact.Unspecified": "Participant Topic Place",
    "Contact.Prevarication.Unspecified": "Communicator Recipient Topic Place",
    "Contact.RequestCommand.Broadcast": "Communicator Recipient Topic Place",
    "Contact.RequestCommand.Correspondence": "Communicator Recipient Topic Place",
    "Contact.RequestCommand.Meet": "Communicator Recipient Topic Place",
    "Contact.RequestCommand.Unspecified": "Communicator Recipient Topic Place",
    "Contact.ThreatenCoerce.Broadcast": "Communicator Recipient Topic Place",
    "Contact.ThreatenCoerce.Unspecified": "Communicator Recipient Topic Place",
    "Control.ImpedeInterfereWith.Unspecified": "Impeder ImpededEvent Place",
    "Disaster.Crash.Unspecified": "DriverPassenger Vehicle CrashObject Place",
    "Disaster.DiseaseOutbreak.Unspecified": "Disease Victim Place",
    "Disaster.FireExplosion.Unspecified": "FireExplosionObject Instrument Place",
    "GenericCrime.GenericCrime.GenericCrime": "Perpetrator Victim Place",
    "Justice.Acquit.Unspecified": "JudgeCourt Defendant Crime Place",
    "Justice.ArrestJailDetain.Unspecified": "Jailer Detainee Crime Place",
    "Justice.ChargeIndict.Unspecified": "Prosecutor Defendant JudgeCourt Crime Place",
    "Justice.Convict.Unspecified": "JudgeCourt Defendant Crime Place",
    "Justice.InvestigateCrime.Unspecified": "Investigator Defendant Crime Place",
    "Justice.ReleaseParole.Unspecified": "JudgeCourt Defendant Crime Place",
    "Justice.Sentence.Unspecified": "JudgeCourt Defendant Crime Sentence Place",
    "Justice.TrialHearing.Unspecified": "Prosecutor Defendant JudgeCourt Crime Place",
    "Life.Consume.Unspecified": "ConsumingEntity ConsumedThing Place",
    "Life.Die.Unspecified": "Victim Place Killer MedicalIssue",
    "Life.Illness.Unspecified": "Victim DeliberateInjurer Disease Place",
    "Life.Infect.Unspecified": "Victim InfectingAgent Source Place",
    "Life.Injure.Unspecified": "Victim Injurer Instrument BodyPart MedicalCondition Place",
    "Medical.Diagnosis.Unspecified": "Treater Patient SymptomSign MedicalCondition Place",
    "Medical.Intervention.Unspecified": "Treater Patient MedicalIssue Instrument Place",
    "Medical.Vaccinate.Unspecified": "Treater Patient VaccineTarget VaccineMethod Place",
    "Movement.Transportation.Evacuation": "Transporter PassengerArtifact Vehicle Origin Destination",
    "Movement.Transportation.IllegalTransportation": "Transporter PassengerArtifact Vehicle Origin Destination",
    "Movement.Transportation.PreventPassage": "Transporter PassengerArtifact Vehicle Preventer Origin Destination",
    "Movement.Transportation.Unspecified": "Transporter PassengerArtifact Vehicle Origin Destination",
    "Personnel.EndPosition.Unspecified": "Employee PlaceOfEmployment Position Place",
    "Personnel.StartPosition.Unspecified": "Employee PlaceOfEmployment Position Place",
    "Transaction.Donation.Unspecified": "Giver Recipient Beneficiary ArtifactMoney Place",
    "Transaction.ExchangeBuySell.Unspecified": "Giver Recipient AcquiredEntity PaymentBarter Beneficiary Place",
}


def _words(native: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", native).lower()


def _name(native: str) -> str:
    """The third level where there is one, else the second; both where either alone would not do."""
    _, kind, detail = native.split(".")
    if detail == "Unspecified":
        return {"Intervention": "medical intervention"}.get(kind, _words(kind))
    return _words(kind + detail if kind in ("RequestCommand", "ThreatenCoerce") else detail)


source = Source(
    name="WikiEvents",
    task="EE",
    language="en",
    domain="news",
    licence="MIT",
    redistribute="yes",
    citation="Li et al., 2021",
    homepage="https://github.com/raspberryice/gen-arg",
    access="Download test.jsonl from https://gen-arg-data.s3.us-east-2.amazonaws.com/wikievents/data/test.jsonl.",
    sizes={"zero_shot": 492},
    files={
        "zero_shot": [
            File(
                ("wikievents/test.jsonl", "test.jsonl"),
                url="https://gen-arg-data.s3.us-east-2.amazonaws.com/wikievents/data/test.jsonl",
            )
        ]
    },
    read=read_wikievents,
    labels={native: _name(native) for native in _ROLES},
    roles={_name(native): tuple(_words(role) for role in roles.split()) for native, roles in _ROLES.items()},
    role_names={role: _words(role) for roles in _ROLES.values() for role in roles.split()},
)
